# Rotates the password of a DCS account, then kills the sessions that are older than the rotation.
#
# A new password closes no connection: who is logged in stays logged in. The action runs after the account has changed,
# so every session that was opened with the old password exists before the kill lists them.

resource "huaweicloud_dcs_account" "rotated" {
  instance_id      = var.instance_id
  account_name     = var.account_name
  account_role     = var.account_role
  account_password = var.account_password

  lifecycle {
    # after_update, not after_create: a new account has no old sessions.
    action_trigger {
      events  = [after_update]
      actions = [action.hwc_dcs_session_kill.older_than_rotation]
    }
  }
}

action "hwc_dcs_session_kill" "older_than_rotation" {
  config {
    instance_id    = var.instance_id
    kill_all_nodes = true
    max_sessions   = var.max_sessions

    select {
      users = [var.account_name]

      # Ages count back from the list, which the kill reads some seconds after the rotation. An age limit that is longer
      # than these seconds spares sessions with the old password, so there is none by default. A client that has already
      # logged in with the new password then reconnects once more.
      min_age = var.min_age
    }
  }
}

# Read at every plan: the plan after a rotation shows who is logged in since.
data "hwc_dcs_sessions" "of_the_account" {
  instance_id = var.instance_id

  select {
    users = [var.account_name]
  }
}
