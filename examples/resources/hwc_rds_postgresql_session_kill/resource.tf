variable "rds_postgresql_instance_id" {
  type        = string
  description = "The RDS for PostgreSQL instance: 32 letters and digits, then in03."
}

variable "rds_postgresql_session_ids" {
  type        = list(string)
  description = "The process IDs of the sessions, as pg_stat_activity has them."
}

# Ends the listed sessions. Each is looked for first, and its user is sent with its ID: a process ID comes back as
# somebody else.
resource "hwc_rds_postgresql_session_kill" "runaway_queries" {
  instance_id = var.rds_postgresql_instance_id
  session_ids = var.rds_postgresql_session_ids

  # A session that ended by itself is fine; set this to true to be told of it as an error.
  fail_on_not_found = false
}

output "rds_postgresql_kill" {
  description = "What became of each session."
  value       = { for session in hwc_rds_postgresql_session_kill.runaway_queries.sessions : session.id => session.outcome }
}
