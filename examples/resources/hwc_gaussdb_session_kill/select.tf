# Lists the sessions that other sessions wait for. Without dry_run, they are killed. Sessions that only wait are not selected.
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
  description = "The users of the sessions that would be killed."
  value       = { for session in hwc_gaussdb_session_kill.blockers.sessions : session.id => session.user }
}
