# Kills the idle sessions of one subnet on all nodes, except those of the operators, and at most 200.
resource "hwc_dcs_session_kill" "idle" {
  instance_id    = var.dcs_instance_id
  kill_all_nodes = true

  select {
    addresses     = ["10.0.12.0/24"]
    exclude_users = ["operator"]
    min_idle      = "30m"
  }

  max_sessions = 200
}

output "idle_clients" {
  description = "The outcome of each client."
  value       = [for session in hwc_dcs_session_kill.idle.sessions : { address = session.address, outcome = session.outcome }]
}
