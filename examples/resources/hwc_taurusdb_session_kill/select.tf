# Shows which reports have run for more than ten minutes. Take dry_run out, and they are killed.
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
  description = "The sessions that would be killed: whose they are, and for how many seconds they have run."
  value       = { for session in hwc_taurusdb_session_kill.slow_reports.sessions : session.id => { user = session.user, seconds = session.busy_seconds } }
}
