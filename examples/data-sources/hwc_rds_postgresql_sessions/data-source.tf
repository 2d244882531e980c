variable "rds_postgresql_instance_id" {
  type        = string
  description = "The RDS for PostgreSQL instance: 32 letters and digits, then in03."
}

# Queries that have run for five minutes or longer.
data "hwc_rds_postgresql_sessions" "slow" {
  instance_id = var.rds_postgresql_instance_id

  select {
    states   = ["active"]
    min_busy = "5m"
  }
}

output "slow_queries" {
  description = "The users of the sessions, and for how many seconds they have run."
  value       = { for session in data.hwc_rds_postgresql_sessions.slow.sessions : session.id => { user = session.user, seconds = session.busy_seconds } }
}
