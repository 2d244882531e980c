variable "dcs_instance_id" {
  type        = string
  description = "The DCS instance."
}

# Every session of every node of the instance.
data "hwc_dcs_sessions" "all" {
  instance_id = var.dcs_instance_id
}

output "sessions_by_node" {
  description = "How many sessions each node has."
  value       = { for node, addresses in { for one in data.hwc_dcs_sessions.all.sessions : one.node_id => one.addr... } : node => length(addresses) }
}
