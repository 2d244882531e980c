variable "geminidb_redis_node_id" {
  type        = string
  description = "The node: 32 letters and digits, then no12."
}

# Sessions that have been idle for an hour.
data "hwc_geminidb_redis_sessions" "idle" {
  node_id = var.geminidb_redis_node_id

  select {
    min_idle = "1h"
  }
}

output "idle_clients" {
  description = "The addresses of the clients."
  value       = data.hwc_geminidb_redis_sessions.idle.sessions[*].address
}
