variable "rds_mysql_instance_id" {
  type        = string
  description = "The RDS for MySQL instance: 32 letters and digits, then in01."
}

variable "rds_mysql_database_user_id" {
  type        = string
  description = "The database account that DAS has stored for the instance, as huaweicloud_das_database_user makes it."
}

variable "rds_mysql_session_ids" {
  type        = list(string)
  description = "The IDs of the sessions, as SHOW PROCESSLIST has them."
}

# Ends the listed sessions. Each is looked for first: one that is not there is in sessions as not_found.
resource "hwc_rds_mysql_session_kill" "runaway_queries" {
  instance_id      = var.rds_mysql_instance_id
  database_user_id = var.rds_mysql_database_user_id
  session_ids      = var.rds_mysql_session_ids

  # A session that ended by itself is fine; set this to true to be told of it as an error.
  fail_on_not_found = false
}

output "rds_mysql_kill" {
  description = "What became of each session."
  value       = { for session in hwc_rds_mysql_session_kill.runaway_queries.sessions : session.id => session.outcome }
}
