# Actions need Terraform 1.14 or later.
terraform {
  required_version = ">= 1.14"
}

variable "taurusdb_htap_instance_id" {
  type        = string
  description = "The HTAP instance of the standard edition: 32 letters and digits, then in17."
}

variable "taurusdb_htap_session_ids" {
  type        = list(string)
  description = "The IDs of the sessions, as the data source lists them."
}

# Ends the chosen sessions, and leaves nothing in state. Run it by its name, with the IDs of the day:
#
#   terraform apply -invoke=action.hwc_taurusdb_htap_session_kill.runaway_analyses -var='taurusdb_htap_session_ids=["2075425"]'
action "hwc_taurusdb_htap_session_kill" "runaway_analyses" {
  config {
    instance_id = var.taurusdb_htap_instance_id
    session_ids = var.taurusdb_htap_session_ids
  }
}
