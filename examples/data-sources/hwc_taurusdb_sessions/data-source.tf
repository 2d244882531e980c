variable "taurusdb_instance_id" {
  type        = string
  description = "The TaurusDB instance: 32 letters and digits, then in07."
}

variable "taurusdb_node_id" {
  type        = string
  description = "The node on which the sessions run: 32 letters and digits, then no07."
}

# Queries that have run for five minutes or longer.
data "hwc_taurusdb_sessions" "slow" {
  instance_id = var.taurusdb_instance_id
  node_id     = var.taurusdb_node_id

  select {
    commands = ["Query"]
    min_busy = "5m"
  }
}

output "slow_queries" {
  description = "The users of the sessions, and for how many seconds they have run."
  value       = { for session in data.hwc_taurusdb_sessions.slow.sessions : session.id => { user = session.user, seconds = session.busy_seconds } }
}
