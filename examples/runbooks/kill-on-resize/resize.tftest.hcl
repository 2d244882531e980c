run "create" {
  assert {
    condition     = output.old_sessions > 0
    error_message = "There are sessions, and a new instance triggers nothing."
  }
}

run "resize" {
  variables {
    capacity = 16
  }
}

run "look" {
  variables {
    capacity = 16
  }

  assert {
    condition     = output.old_sessions == 0
    error_message = "The resize ended the old sessions."
  }
}
