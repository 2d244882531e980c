# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    taurusdb = "http://127.0.0.1:8490"
    iam      = "http://127.0.0.1:8490"
  }
}

variables {
  instance_id  = "a23fb62bd61e4e9e9636fd2225f395bein07"
  node_id      = "18663926eacb443d98dc20f8620f28f2no07"
  max_sessions = 100

  conditions = {
    users    = ["app"]
    min_idle = "1h"
  }
}

run "the_rehearsal_lists_and_kills_nobody" {
  assert {
    condition     = output.would_be_killed > 0 && output.killed == null && hwc_taurusdb_session_kill.rehearsal.killed_count == 0
    error_message = "Sessions are listed, and none is killed."
  }

  assert {
    condition     = alltrue([for session in hwc_taurusdb_session_kill.rehearsal.sessions : strcontains(output.ticket, "| ${session.id} |")])
    error_message = "Each of them has a line in the ticket."
  }
}

run "another_rehearsal_finds_them_again" {
  variables {
    rehearsal = "2"
  }

  assert {
    condition     = output.would_be_killed > 0 && output.killed == null
    error_message = "They are still there."
  }
}

run "the_ticket_approves_the_kill" {
  variables {
    rehearsal = "2"
    approval  = "CHG-1"
  }

  assert {
    condition     = output.killed > 0 && output.killed == output.would_be_killed
    error_message = "Those of the rehearsal are killed, and its list stays as it was."
  }
}
