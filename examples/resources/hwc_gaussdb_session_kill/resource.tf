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

# Kills the listed sessions of one component. A session that does not exist has the outcome not_found.
resource "hwc_gaussdb_session_kill" "runaway_queries" {
  instance_id  = var.gaussdb_instance_id
  node_id      = var.gaussdb_node_id
  component_id = var.gaussdb_component_id
  session_ids  = var.gaussdb_session_ids

  # A session that has already ended is no error. Set this to true to make it one.
  fail_on_not_found = false
}

output "gaussdb_kill" {
  description = "The outcome of each session."
  value       = { for session in hwc_gaussdb_session_kill.runaway_queries.sessions : session.id => session.outcome }
}
