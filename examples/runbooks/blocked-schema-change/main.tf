# Clears the way for a schema change: ends the sessions that block others, then transactions that are left open.
#
# ALTER TABLE waits for every transaction that has touched the table, and everybody else then waits for ALTER TABLE. One
# session that forgot to commit is enough. Killing sessions that wait frees nobody; killing the one they wait for does.

resource "hwc_gaussdb_session_kill" "blockers" {
  instance_id  = var.instance_id
  node_id      = var.node_id
  component_id = var.component_id
  max_sessions = var.max_sessions

  select {
    blocking      = true
    exclude_users = var.spared_users
  }

  triggers = {
    change = var.change
  }
}

# These hold locks too, although nobody waits for them yet.
resource "hwc_gaussdb_session_kill" "idle_transactions" {
  instance_id  = var.instance_id
  node_id      = var.node_id
  component_id = var.component_id
  max_sessions = var.max_sessions

  select {
    users           = var.users
    exclude_users   = var.spared_users
    states          = ["idle in transaction"]
    min_transaction = var.min_transaction
  }

  triggers = {
    change = var.change
  }

  depends_on = [hwc_gaussdb_session_kill.blockers]
}

# Read after both kills.
data "hwc_gaussdb_sessions" "blockers" {
  instance_id  = var.instance_id
  node_id      = var.node_id
  component_id = var.component_id

  select {
    blocking = true
  }

  depends_on = [hwc_gaussdb_session_kill.idle_transactions]
}
