variable "geminidb_redis_node_id" {
  type        = string
  description = "The node: 32 letters and digits, then no12."
}

# Kills the sessions of one application that have been idle for an hour, and at most 50.
resource "hwc_geminidb_redis_session_kill" "idle_orders" {
  node_id      = var.geminidb_redis_node_id
  max_sessions = 50

  select {
    names    = ["orders-*"]
    min_idle = "1h"
  }
}
