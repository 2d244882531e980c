variable "rds_postgresql_instance_id" {
  type        = string
  description = "The RDS for PostgreSQL instance: 32 letters and digits, then in03."
}

# Checks in every plan and apply whether a backup is running, and stops the run if so. Stores no statements.
ephemeral "hwc_rds_postgresql_sessions" "backup" {
  instance_id = var.rds_postgresql_instance_id

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
