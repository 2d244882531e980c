output "review" {
  description = "The sessions that match when the plan is made. No statement is shown: SQL text can hold personal data."
  value = [
    for session in data.hwc_taurusdb_sessions.review.sessions :
    "${session.user}@${coalesce(session.address, "unknown address")}, session ${session.id}, idle for ${session.idle_seconds} s"
  ]
}

output "killed" {
  description = "What the kill did, and the ID of its request for Huawei Cloud support."
  value = {
    change     = var.change
    killed     = hwc_taurusdb_session_kill.approved.killed_count
    remaining  = hwc_taurusdb_session_kill.approved.remaining_count
    finished   = hwc_taurusdb_session_kill.approved.finished_at
    request_id = hwc_taurusdb_session_kill.approved.request_id
  }
}
