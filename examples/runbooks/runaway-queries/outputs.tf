output "killed" {
  description = "How many sessions were killed on each node."
  value       = { for name, kill in hwc_taurusdb_session_kill.fleet : name => kill.killed_count }
}

output "remaining" {
  description = "The nodes on which sessions are still there or could not be listed, and which. A large transaction takes time to roll back."
  value = {
    for name, kill in hwc_taurusdb_session_kill.fleet :
    name => [for session in coalesce(kill.sessions, []) : session.id if contains(["remaining", "unknown"], session.outcome)]
    if kill.remaining_count != 0
  }
}
