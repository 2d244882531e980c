variable "taurusdb_htap_instance_id" {
  type        = string
  description = "The HTAP instance of the standard edition: 32 letters and digits, then in17."
}

# Shows which analyses have run for more than half an hour. Take dry_run out, and they are killed.
resource "hwc_taurusdb_htap_session_kill" "long_analyses" {
  instance_id = var.taurusdb_htap_instance_id

  select {
    users    = ["report"]
    commands = ["Query"]
    min_busy = "30m"
  }

  max_sessions = 20
  dry_run      = true
}

output "long_analyses" {
  description = "The sessions that would be killed, and for how many seconds they have run."
  value       = { for session in hwc_taurusdb_htap_session_kill.long_analyses.sessions : session.id => session.busy_seconds }
}
