# A kill that a reviewer approves by its plan.
#
# The plan reads the data source, so the reviewer sees who matches now. The apply lists again and kills who matches then:
# session IDs in a plan are stale when it is applied. max_sessions is the limit that the reviewer agrees to.

data "hwc_taurusdb_sessions" "review" {
  instance_id = var.instance_id
  node_id     = var.node_id

  # The same conditions as those of the kill.
  select {
    users    = var.users
    min_idle = var.min_idle
  }
}

resource "hwc_taurusdb_session_kill" "approved" {
  instance_id  = var.instance_id
  node_id      = var.node_id
  max_sessions = var.max_sessions

  select {
    users    = var.users
    min_idle = var.min_idle
  }

  # The number that is in state does not kill again, unless the kill is tainted. Any other number kills.
  triggers = {
    change = var.change
  }
}
