# Actions need Terraform 1.14 or later.
terraform {
  required_version = ">= 1.14"
}

variable "ddm_physical_instance_id" {
  type        = string
  description = "The RDS for MySQL instance that is the data node: 32 letters and digits, then in01."
}

variable "ddm_physical_session_ids" {
  type        = list(string)
  description = "The IDs of the sessions, as SHOW PROCESSLIST of the data node has them."
}

# Ends the chosen sessions, and leaves nothing in state. Run it by its name, with the IDs of the day:
#
#   terraform apply -invoke=action.hwc_ddm_physical_session_kill.runaway -var='ddm_physical_session_ids=["1973"]'
action "hwc_ddm_physical_session_kill" "runaway" {
  config {
    instance_id = var.ddm_physical_instance_id
    session_ids = var.ddm_physical_session_ids
  }
}
