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

# Queries that have run for five minutes or longer.
data "hwc_gaussdb_sessions" "slow" {
  instance_id  = var.gaussdb_instance_id
  node_id      = var.gaussdb_node_id
  component_id = var.gaussdb_component_id

  select {
    states   = ["active"]
    min_busy = "5m"
  }
}

output "slow_queries" {
  description = "The users of the sessions, and for how many seconds they have run."
  value       = { for session in data.hwc_gaussdb_sessions.slow.sessions : session.id => { user = session.user, seconds = session.busy_seconds } }
}
