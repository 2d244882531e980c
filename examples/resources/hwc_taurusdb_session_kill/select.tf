# Shows which reports have run for more than ten minutes. Take dry_run out, and they are killed.
resource "hwc_taurusdb_session_kill" "slow_reports" {
  instance_id = var.taurusdb_instance_id
  node_id     = var.taurusdb_node_id

  select {
    users    = ["reports"]
    commands = ["Query"]
    min_time = "10m"
  }

  max_sessions = 20
  dry_run      = true
}

output "slow_reports" {
  description = "The ids of the sessions that would be killed."
  value       = hwc_taurusdb_session_kill.slow_reports.matched
}
