variable "taurusdb_htap_instance_id" {
  type        = string
  description = "The HTAP instance of the standard edition: 32 letters and digits, then in17."
}

# Looks in every plan and apply whether an import is running, and stops the run if so. Statements are stored nowhere.
ephemeral "hwc_taurusdb_htap_sessions" "import" {
  instance_id = var.taurusdb_htap_instance_id

  select {
    users = ["import"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.sessions) == 0
      error_message = "An import is running: try again when it has ended."
    }
  }
}
