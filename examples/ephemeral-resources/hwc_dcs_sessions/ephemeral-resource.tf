variable "dcs_instance_id" {
  type        = string
  description = "The DCS instance."
}

# Lists the sessions in every plan and apply, and stops the run if there are too many. Stores nothing.
ephemeral "hwc_dcs_sessions" "all" {
  instance_id = var.dcs_instance_id

  lifecycle {
    postcondition {
      condition     = length(self.sessions) < 5000
      error_message = "The cache has 5000 clients or more: look at it before you change it."
    }
  }
}
