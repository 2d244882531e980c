variable "dds_node_id" {
  type        = string
  description = "The node: 32 letters and digits, then no02."
}

# Operations that have run for a minute.
data "hwc_dds_sessions" "slow" {
  node_id = var.dds_node_id

  select {
    min_busy = "1m"
  }
}

output "slow_clients" {
  description = "Where they come from."
  value       = data.hwc_dds_sessions.slow.sessions[*].address
}
