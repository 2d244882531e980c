# Stops queries that run for too long, on every node of a fleet.
#
# Each node has its own kill, its own cap and its own lines in plan and state. A node on which more sessions match than the
# cap allows is an error of that node alone: the others go on, and the next apply tries only those that are left.

resource "hwc_taurusdb_session_kill" "fleet" {
  for_each = var.nodes

  instance_id  = each.value.instance_id
  node_id      = each.value.node_id
  max_sessions = var.max_sessions

  select {
    users = var.users
    # Idle sessions of these users are left alone, and so are replication and other commands that run for days.
    commands          = ["Query", "Execute"]
    min_busy          = var.min_busy
    statement_matches = var.statement_matches
  }

  triggers = {
    incident = var.incident
  }
}
