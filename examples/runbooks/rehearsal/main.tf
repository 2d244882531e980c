# A rehearsal whose list goes into a ticket, and the kill that the ticket approves.
#
# They are two resources. A dry_run that is turned off in the resource of the kill kills too, but then the state holds
# either the list or the proof, and who turns dry_run on again after the kill sees the old proof and not a new list.

resource "hwc_taurusdb_session_kill" "rehearsal" {
  instance_id = var.instance_id
  node_id     = var.node_id
  dry_run     = true

  # The same limit: if more match, the rehearsal lists them all and warns that the kill would be refused.
  max_sessions = var.max_sessions

  select {
    users             = var.conditions.users
    exclude_users     = var.conditions.exclude_users
    addresses         = var.conditions.addresses
    commands          = var.conditions.commands
    min_idle          = var.conditions.min_idle
    min_busy          = var.conditions.min_busy
    statement_matches = var.conditions.statement_matches
  }

  triggers = {
    rehearsal = var.rehearsal
  }
}

resource "hwc_taurusdb_session_kill" "approved" {
  # One kill for each ticket. Without a ticket there is none.
  for_each = toset(compact([var.approval]))

  instance_id  = var.instance_id
  node_id      = var.node_id
  max_sessions = var.max_sessions

  select {
    users             = var.conditions.users
    exclude_users     = var.conditions.exclude_users
    addresses         = var.conditions.addresses
    commands          = var.conditions.commands
    min_idle          = var.conditions.min_idle
    min_busy          = var.conditions.min_busy
    statement_matches = var.conditions.statement_matches
  }
}
