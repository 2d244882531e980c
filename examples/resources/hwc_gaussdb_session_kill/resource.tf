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
  description = "The IDs of the sessions, as pg_stat_activity has them in sessionid."
}

# Ends the listed sessions of one component. Each is looked for first: one that is not there is in sessions as not_found.
resource "hwc_gaussdb_session_kill" "runaway_queries" {
  instance_id  = var.gaussdb_instance_id
  node_id      = var.gaussdb_node_id
  component_id = var.gaussdb_component_id
  session_ids  = var.gaussdb_session_ids

  # A session that ended by itself is fine; set this to true to be told of it as an error.
  fail_on_not_found = false
}

output "gaussdb_kill" {
  description = "What became of each session."
  value       = { for session in hwc_gaussdb_session_kill.runaway_queries.sessions : session.id => session.outcome }
}
