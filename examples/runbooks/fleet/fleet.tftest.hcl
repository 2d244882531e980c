variables {
  # More than any simulated node of two hundred sessions ever has, however long the sandbox has been running.
  at_most = 100

  # A dozen instances of which the sandbox was told.
  fleet = {
    for number in range(12) : format("shop-%02d", number) => {
      instance_id = format("%032din07", number)
      node_id     = format("%032dno07", number)
    }
  }
}

run "kill_everywhere" {
  assert {
    condition     = length(output.killed) == 12 && alltrue([for count in values(output.killed) : count > 0])
    error_message = "Sessions are killed on every instance."
  }

  assert {
    condition     = length(output.remaining) == 0
    error_message = "They are gone everywhere."
  }
}

run "kill_again" {
  variables {
    round = "2"
  }

  # A query that had not run for long enough the first time may have by now.
  assert {
    condition     = sum(values(output.killed)) < sum(values(run.kill_everywhere.killed))
    error_message = "Hardly anybody was left."
  }
}
