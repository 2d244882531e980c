output "killed" {
  description = "How many blockers and how many idle transactions were ended."
  value = {
    blockers          = hwc_gaussdb_session_kill.blockers.killed_count
    idle_transactions = hwc_gaussdb_session_kill.idle_transactions.killed_count
  }

  # What depends on this module, such as the change, does not run before the sessions are gone.
  precondition {
    condition     = hwc_gaussdb_session_kill.blockers.remaining_count == 0 && hwc_gaussdb_session_kill.idle_transactions.remaining_count == 0
    error_message = "Sessions were killed, and some are still there or could not be listed. Look at them in the database; then give change another value."
  }
}

output "still_blocking" {
  description = "Sessions that others wait for after the kills: new blockers, and those of spared users."
  value       = [for session in data.hwc_gaussdb_sessions.blockers.sessions : "${session.user}@${session.address}, session ${session.id}"]
}
