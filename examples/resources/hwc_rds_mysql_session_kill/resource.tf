variable "rds_mysql_instance_id" {
  type        = string
  description = "The RDS for MySQL instance: 32 letters and digits, then in01."
}

variable "rds_mysql_database_user_id" {
  type        = string
  description = "The ID of a database account that is stored in DAS, for example by huaweicloud_das_database_user."
}

variable "rds_mysql_session_ids" {
  type        = list(string)
  description = "The IDs of the sessions, as SHOW PROCESSLIST shows them."
}

# Kills the listed sessions. A session that does not exist has the outcome not_found.
resource "hwc_rds_mysql_session_kill" "runaway_queries" {
  instance_id      = var.rds_mysql_instance_id
  database_user_id = var.rds_mysql_database_user_id
  session_ids      = var.rds_mysql_session_ids

  # A session that has already ended is no error. Set this to true to make it one.
  fail_on_not_found = false
}

output "rds_mysql_kill" {
  description = "The outcome of each session."
  value       = { for session in hwc_rds_mysql_session_kill.runaway_queries.sessions : session.id => session.outcome }
}
