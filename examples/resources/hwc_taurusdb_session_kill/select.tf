# Lists reports that have run for ten minutes or longer. Without dry_run, they are killed.
resource "hwc_taurusdb_session_kill" "slow_reports" {
  instance_id = var.taurusdb_instance_id
  node_id     = var.taurusdb_node_id

  select {
    users    = ["reports"]
    commands = ["Query"]
    min_busy = "10m"
  }

  max_sessions = 20
  dry_run      = true
}

output "slow_reports" {
  description = "The users of the sessions that would be killed, and for how many seconds they have run."
  value       = { for session in hwc_taurusdb_session_kill.slow_reports.sessions : session.id => { user = session.user, seconds = session.busy_seconds } }
}
