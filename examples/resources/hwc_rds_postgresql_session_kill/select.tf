# Lists sessions that have been idle in a transaction for ten minutes. Without dry_run, they are killed.
resource "hwc_rds_postgresql_session_kill" "idle_transactions" {
  instance_id = var.rds_postgresql_instance_id

  select {
    states   = ["idle in transaction"]
    min_idle = "10m"
  }

  max_sessions = 20
  dry_run      = true
}

output "idle_transactions" {
  description = "The users of the sessions that would be killed."
  value       = { for session in hwc_rds_postgresql_session_kill.idle_transactions.sessions : session.id => session.user }
}
