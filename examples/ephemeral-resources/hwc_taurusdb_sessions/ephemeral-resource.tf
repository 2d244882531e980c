variable "taurusdb_instance_id" {
  type        = string
  description = "The TaurusDB instance: 32 letters and digits, then in07."
}

variable "taurusdb_node_id" {
  type        = string
  description = "The node on which the sessions run: 32 letters and digits, then no07."
}

# Stops the run while a schema change is still waiting for its lock. The statements are read and never stored.
ephemeral "hwc_taurusdb_sessions" "waiting" {
  instance_id = var.taurusdb_instance_id
  node_id     = var.taurusdb_node_id

  select {
    states            = ["Waiting for table metadata lock"]
    statement_matches = ["(?i)^\\s*alter table"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.ids) == 0
      error_message = "A schema change is waiting for its lock."
    }
  }
}
