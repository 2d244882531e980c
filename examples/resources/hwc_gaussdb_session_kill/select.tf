# Shows whom others wait for. Take dry_run out, and they are killed. Those who wait are left alone: killing them frees nobody.
resource "hwc_gaussdb_session_kill" "blockers" {
  instance_id  = var.gaussdb_instance_id
  node_id      = var.gaussdb_node_id
  component_id = var.gaussdb_component_id

  select {
    blocking = true
  }

  max_sessions = 20
  dry_run      = true
}

output "blockers" {
  description = "The sessions that would be killed, and whose they are."
  value       = { for session in hwc_gaussdb_session_kill.blockers.sessions : session.id => session.user }
}
