variable "taurusdb_instance_id" {
  type        = string
  description = "The TaurusDB instance: 32 letters and digits, then in07."
}

variable "taurusdb_node_id" {
  type        = string
  description = "The node on which the sessions run: 32 letters and digits, then no07."
}

# Checks in every plan and apply whether a backup is running, and stops the run if so. Stores no statements.
ephemeral "hwc_taurusdb_sessions" "backup" {
  instance_id = var.taurusdb_instance_id
  node_id     = var.taurusdb_node_id

  select {
    users = ["backup"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.sessions) == 0
      error_message = "A backup is running on the node: try again when it has ended."
    }
  }
}
