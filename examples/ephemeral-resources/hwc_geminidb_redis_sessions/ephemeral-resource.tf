variable "geminidb_redis_node_id" {
  type        = string
  description = "The node: 32 letters and digits, then no12."
}

# Checks in every plan and apply whether an import is connected, and stops the run if so.
ephemeral "hwc_geminidb_redis_sessions" "import" {
  node_id = var.geminidb_redis_node_id

  select {
    names = ["import-*"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.sessions) == 0
      error_message = "An import is connected."
    }
  }
}
