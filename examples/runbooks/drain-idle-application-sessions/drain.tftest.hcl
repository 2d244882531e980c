run "rehearse" {
  variables {
    dry_run = true
  }

  assert {
    condition     = output.drained.chosen > 0 && output.drained.killed == 0
    error_message = "A dry run lists the sessions and kills none."
  }

  assert {
    condition     = length(output.left) == output.drained.chosen
    error_message = "They are all still there."
  }
}

run "drain" {
  assert {
    condition     = output.drained.killed == run.rehearse.drained.chosen && output.drained.remaining == 0
    error_message = "The sessions that the rehearsal listed are killed."
  }

  assert {
    condition     = length(output.left) == 0
    error_message = "No idle session of the application is left."
  }
}

run "drain_before_the_next_change" {
  variables {
    change = "2"
  }

  assert {
    condition     = output.drained.chosen == 0
    error_message = "Nobody is left to kill, which is no error."
  }
}
