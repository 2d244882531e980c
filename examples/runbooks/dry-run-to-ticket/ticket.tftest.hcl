run "write" {
  assert {
    condition     = length(output.would_be_killed) > 0 && hwc_taurusdb_session_kill.rehearsal.killed_count == 0
    error_message = "Sessions are listed, and none is killed."
  }

  assert {
    condition     = alltrue([for id in output.would_be_killed : strcontains(output.ticket, "| ${id} |")])
    error_message = "Each of them has a line."
  }
}

run "look_again" {
  variables {
    asked_at = "2"
  }

  assert {
    condition     = length(setsubtract(run.write.would_be_killed, output.would_be_killed)) == 0
    error_message = "They are all still there."
  }
}
