variable "gaussdb_instance_id" {
  type        = string
  description = "The GaussDB instance: 32 letters and digits, then in14."
}

variable "gaussdb_node_id" {
  type        = string
  description = "The node: 32 letters and digits, then no14."
}

variable "gaussdb_component_id" {
  type        = string
  description = "The component on the node, a CN or a DN, such as cn_5001."
}

# Checks in every plan and apply whether a backup is running, and stops the run if so. Stores no statements.
ephemeral "hwc_gaussdb_sessions" "backup" {
  instance_id  = var.gaussdb_instance_id
  node_id      = var.gaussdb_node_id
  component_id = var.gaussdb_component_id

  select {
    users = ["backup"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.sessions) == 0
      error_message = "A backup is running: try again when it has ended."
    }
  }
}
