run "rehearse" {
  variables {
    dry_run = true
  }

  assert {
    condition     = output.emptied.killed == 0 && output.now["app"] > 0 && output.now["ops"] > 0
    error_message = "A dry run kills nobody."
  }
}

run "empty" {
  assert {
    condition     = output.emptied.killed > 0 && output.emptied.remaining == 0
    error_message = "The sessions are killed and gone."
  }

  assert {
    condition     = output.now == { ops = run.rehearse.now["ops"] }
    error_message = "Only those of the spared user are left."
  }
}
