variable "taurusdb_htap_instance_id" {
  type        = string
  description = "The HTAP instance of the standard edition: 32 letters and digits, then in17."
}

# Queries that have run for five minutes or longer.
data "hwc_taurusdb_htap_sessions" "slow" {
  instance_id = var.taurusdb_htap_instance_id

  select {
    commands = ["Query"]
    min_busy = "5m"
  }
}

output "slow_analyses" {
  description = "Whose they are, and for how many seconds they have run."
  value       = { for session in data.hwc_taurusdb_htap_sessions.slow.sessions : session.id => { user = session.user, seconds = session.busy_seconds } }
}
