# Kills the sessions on the old primary after a switchover, so that their clients reconnect to the new one.
#
# The kill comes after the switchover. Before it, the clients reconnect to the old primary, and the switchover hits them
# a second time. After it, a session that stays on the old primary is on a read replica.

resource "hwc_taurusdb_session_kill" "old_primary" {
  instance_id  = var.instance_id
  node_id      = var.old_primary
  max_sessions = var.max_sessions

  # Sessions of the server itself, replication among them, are left alone.
  select {
    all           = true
    exclude_users = var.spared_users
  }

  triggers = {
    switch = var.switch_id
  }

  lifecycle {
    precondition {
      condition     = lookup(var.roles, var.old_primary, null) == "slave"
      error_message = "No session was killed: node ${var.old_primary} is not a read replica. Was the switchover done? For a drill in the other direction, set old_primary to the node that is the primary now."
    }
  }
}

# Read after the kill.
data "hwc_taurusdb_sessions" "old_primary" {
  instance_id = var.instance_id
  node_id     = var.old_primary

  select {
    all           = true
    exclude_users = var.spared_users
  }

  depends_on = [hwc_taurusdb_session_kill.old_primary]
}
