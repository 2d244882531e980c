variable "rds_mysql_instance_id" {
  type        = string
  description = "The RDS for MySQL instance: 32 letters and digits, then in01."
}

variable "rds_mysql_database_user_id" {
  type        = string
  description = "The ID of a database account that is stored in DAS, for example by huaweicloud_das_database_user."
}

# Queries that have run for five minutes or longer.
data "hwc_rds_mysql_sessions" "slow" {
  instance_id      = var.rds_mysql_instance_id
  database_user_id = var.rds_mysql_database_user_id

  select {
    commands = ["Query"]
    min_busy = "5m"
  }
}

output "slow_queries" {
  description = "The users of the sessions, and for how many seconds they have run."
  value       = { for session in data.hwc_rds_mysql_sessions.slow.sessions : session.id => { user = session.user, seconds = session.busy_seconds } }
}
