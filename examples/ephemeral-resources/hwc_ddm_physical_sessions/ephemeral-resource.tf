variable "ddm_physical_instance_id" {
  type        = string
  description = "The RDS for MySQL instance that is the data node: 32 letters and digits, then in01."
}

# Stops a plan or an apply while a backup of the data node is running. Statements are stored nowhere.
ephemeral "hwc_ddm_physical_sessions" "backup" {
  instance_id = var.ddm_physical_instance_id

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
