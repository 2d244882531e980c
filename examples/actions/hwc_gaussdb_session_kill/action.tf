# Actions require Terraform 1.14 or later.
terraform {
  required_version = ">= 1.14"
}

variable "gaussdb_instance_id" {
  type        = string
  description = "The GaussDB instance: 32 letters and digits, then in14."
}

variable "gaussdb_node_id" {
  type        = string
  description = "The node: 32 letters and digits, then no14."
}

variable "gaussdb_component_id" {
  type        = string
  description = "The component on the node, a CN or a DN, such as cn_5001."
}

variable "gaussdb_session_ids" {
  type        = list(string)
  description = "The IDs of the sessions, as pg_stat_activity shows them in sessionid."
}

# Kills the listed sessions, and stores nothing in state. Invoke it with the IDs:
#
#   terraform apply -invoke=action.hwc_gaussdb_session_kill.runaway_queries -var='gaussdb_session_ids=["2075425"]'
action "hwc_gaussdb_session_kill" "runaway_queries" {
  config {
    instance_id  = var.gaussdb_instance_id
    node_id      = var.gaussdb_node_id
    component_id = var.gaussdb_component_id
    session_ids  = var.gaussdb_session_ids
  }
}
