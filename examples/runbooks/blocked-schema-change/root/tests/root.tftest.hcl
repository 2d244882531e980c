# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    opengauss = "http://127.0.0.1:8490"
    iam       = "http://127.0.0.1:8490"
  }
}

variables {
  change  = "CHG-1"
  command = "true"
}

run "the_change_runs_after_the_kills" {
  assert {
    condition     = output.killed.blockers == 2 && length(output.still_blocking) == 0
    error_message = "Who blocked is killed, and nobody blocks any more."
  }

  assert {
    condition     = terraform_data.change.triggers_replace == "CHG-1"
    error_message = "The change has run."
  }
}
