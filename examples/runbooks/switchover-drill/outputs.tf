output "killed" {
  description = "How many sessions on the old primary were killed, and how many of those are still there."
  value = {
    killed    = hwc_taurusdb_session_kill.old_primary.killed_count
    remaining = hwc_taurusdb_session_kill.old_primary.remaining_count
  }
}

output "on_the_old_primary" {
  description = "Who is on the old primary after the kill: clients that do not follow the switchover."
  value       = distinct([for session in data.hwc_taurusdb_sessions.old_primary.sessions : "${session.user}@${session.address}"])
}
