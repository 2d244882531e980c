# Drains the old instance after the traffic has moved to the new one, and checks that nobody comes back.

resource "hwc_rds_postgresql_session_kill" "blue" {
  instance_id  = var.instance_id
  max_sessions = var.max_sessions

  select {
    all           = true
    exclude_users = var.spared_users
  }

  triggers = {
    moved_to = var.moved_to
    round    = var.round
  }
}

# Read after the kill, and again at every later plan. A failed check is a warning and stops nothing: whoever came back is
# on the old instance, and only a person can tell why.
check "nobody_came_back" {
  data "hwc_rds_postgresql_sessions" "blue" {
    instance_id = var.instance_id

    select {
      all           = true
      exclude_users = var.spared_users
    }

    depends_on = [hwc_rds_postgresql_session_kill.blue]
  }

  assert {
    condition = length(data.hwc_rds_postgresql_sessions.blue.sessions) == 0
    error_message = format(
      "%d sessions are on the old instance: %s. Their clients still have the old address.",
      length(data.hwc_rds_postgresql_sessions.blue.sessions),
      join(", ", distinct([for session in data.hwc_rds_postgresql_sessions.blue.sessions : "${session.user} (${coalesce(session.application, "no application name")})"])),
    )
  }
}
