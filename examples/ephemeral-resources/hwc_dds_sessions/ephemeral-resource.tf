variable "dds_node_id" {
  type        = string
  description = "The node: 32 letters and digits, then no02."
}

# Looks in every plan and apply whether an import works on the database, and stops the run if so.
ephemeral "hwc_dds_sessions" "import" {
  node_id = var.dds_node_id

  select {
    users  = ["import"]
    states = ["active"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.sessions) == 0
      error_message = "An import works on the database."
    }
  }
}
