variable "rds_postgresql_instance_id" {
  type        = string
  description = "The RDS for PostgreSQL instance: 32 letters and digits, then in03."
}

variable "rds_postgresql_session_ids" {
  type        = list(string)
  description = "The process IDs of the sessions, as pg_stat_activity shows them."
}

# Kills the listed sessions. The provider lists them first and sends the user of each with its ID, because process IDs are
# reused.
resource "hwc_rds_postgresql_session_kill" "runaway_queries" {
  instance_id = var.rds_postgresql_instance_id
  session_ids = var.rds_postgresql_session_ids

  # A session that has already ended is no error. Set this to true to make it one.
  fail_on_not_found = false
}

output "rds_postgresql_kill" {
  description = "The outcome of each session."
  value       = { for session in hwc_rds_postgresql_session_kill.runaway_queries.sessions : session.id => session.outcome }
}
