# Actions require Terraform 1.14 or later.
terraform {
  required_version = ">= 1.14"
}

variable "geminidb_redis_node_id" {
  type        = string
  description = "The node: 32 letters and digits, then no12."
}

variable "geminidb_redis_session_ids" {
  type        = list(string)
  description = "The IDs of the sessions, as the data source lists them."
}

# Kills the listed sessions of one node, and stores nothing in state.
action "hwc_geminidb_redis_session_kill" "chosen" {
  config {
    node_id     = var.geminidb_redis_node_id
    session_ids = var.geminidb_redis_session_ids
  }
}
