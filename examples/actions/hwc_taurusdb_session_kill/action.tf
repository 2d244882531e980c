# Actions require Terraform 1.14 or later.
terraform {
  required_version = ">= 1.14"
}

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

# Kills the listed sessions of one node, and stores nothing in state. Invoke it with the IDs:
#
#   terraform apply -invoke=action.hwc_taurusdb_session_kill.runaway_queries -var='taurusdb_processes=[2075425]'
action "hwc_taurusdb_session_kill" "runaway_queries" {
  config {
    instance_id = var.taurusdb_instance_id
    node_id     = var.taurusdb_node_id
    processes   = var.taurusdb_processes
  }
}
