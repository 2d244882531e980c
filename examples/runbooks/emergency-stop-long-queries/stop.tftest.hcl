run "stop_one_kind_of_statement" {
  variables {
    statements = ["^SELECT customer, SUM"]
  }

  assert {
    condition     = length(output.stopped.killed) > 0 && length(output.stopped.rolling) == 0
    error_message = "The queries are stopped."
  }
}

run "stop_the_rest" {
  variables {
    incident = "INC-4711"
  }

  assert {
    condition     = length(output.stopped.killed) > 0 && length(setintersection(output.stopped.killed, run.stop_one_kind_of_statement.stopped.killed)) == 0
    error_message = "Those that were left are stopped."
  }
}

run "nobody_is_left" {
  # Queries that were too young before grow old in the meantime, but not as old as this.
  variables {
    incident    = "INC-4712"
    longer_than = "10m"
  }

  assert {
    condition     = length(output.stopped.killed) == 0 && output.stopped.at == null
    error_message = "Nobody is left, which is no error."
  }
}
