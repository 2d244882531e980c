# Lists reports that have run for ten minutes or longer. Without dry_run, they are killed.
resource "hwc_rds_mysql_session_kill" "slow_reports" {
  instance_id      = var.rds_mysql_instance_id
  database_user_id = var.rds_mysql_database_user_id

  select {
    users    = ["reports"]
    commands = ["Query"]
    min_busy = "10m"
  }

  max_sessions = 20
  dry_run      = true
}

output "slow_reports" {
  description = "The users of the sessions that would be killed."
  value       = { for session in hwc_rds_mysql_session_kill.slow_reports.sessions : session.id => session.user }
}
