# Actions need Terraform 1.14 or later.
terraform {
  required_version = ">= 1.14"
}

variable "dds_node_id" {
  type        = string
  description = "The node: 32 letters and digits, then no02."
}

variable "dds_session_ids" {
  type        = list(string)
  description = "The IDs of the operations, as the data source lists them."
}

# Ends the chosen operations on one node, and leaves nothing in state.
action "hwc_dds_session_kill" "chosen" {
  config {
    node_id     = var.dds_node_id
    session_ids = var.dds_session_ids
  }
}
