variable "dcs_instance_id" {
  type        = string
  description = "The DCS instance."
}

ephemeral "hwc_dcs_sessions" "all" {
  instance_id = var.dcs_instance_id
}

# A warning in plan and apply. Names and addresses of clients are read and never stored.
check "clients_have_names" {
  assert {
    condition     = alltrue([for one in ephemeral.hwc_dcs_sessions.all.sessions : one.name != null])
    error_message = "Some clients have not named themselves, so that nobody can tell whose they are."
  }
}
