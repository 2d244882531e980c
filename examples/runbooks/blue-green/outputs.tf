output "drained" {
  description = "How many sessions on the old instance were killed, and how many of those are still there."
  value = {
    killed    = hwc_rds_postgresql_session_kill.blue.killed_count
    remaining = hwc_rds_postgresql_session_kill.blue.remaining_count
  }
}
