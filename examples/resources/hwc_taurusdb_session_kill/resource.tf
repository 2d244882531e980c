variable "taurusdb_instance_id" {
  type        = string
  description = "The TaurusDB instance: 32 letters and digits, then in07."
}

variable "taurusdb_node_id" {
  type        = string
  description = "The node on which the sessions run: 32 letters and digits, then no07."
}

variable "taurusdb_processes" {
  type        = list(number)
  description = "The IDs of the sessions, as SHOW PROCESSLIST shows them on that node."
}

# Kills the listed sessions of one node. Internal threads are never killed: they are in processes_excluded.
resource "hwc_taurusdb_session_kill" "runaway_queries" {
  instance_id = var.taurusdb_instance_id
  node_id     = var.taurusdb_node_id
  processes   = var.taurusdb_processes

  # A session that has already ended is no error. Set this to true to make it one.
  fail_on_not_found = false
}

output "taurusdb_kill" {
  description = "The outcome of each session."
  value = {
    killed    = hwc_taurusdb_session_kill.runaway_queries.processes_killed
    not_found = hwc_taurusdb_session_kill.runaway_queries.processes_not_found
    excluded  = hwc_taurusdb_session_kill.runaway_queries.processes_excluded
  }
}
