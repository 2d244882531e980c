variable "dcs_instance_id" {
  type        = string
  description = "The DCS instance."
}

# Looks at the sessions in every plan and apply, and stops the run when there are too many. Nothing of it is stored.
ephemeral "hwc_dcs_sessions" "all" {
  instance_id = var.dcs_instance_id

  lifecycle {
    postcondition {
      condition     = length(self.sessions) < 5000
      error_message = "The cache has 5000 clients or more: look at it before you change it."
    }
  }
}
