variable "ddm_logical_instance_id" {
  type        = string
  description = "The DDM instance: 32 letters and digits, then in09."
}

# Stops a plan or an apply while an import is running. Statements are stored nowhere.
ephemeral "hwc_ddm_logical_sessions" "import" {
  instance_id = var.ddm_logical_instance_id

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
