# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    taurusdb = "http://127.0.0.1:8490"
    iam      = "http://127.0.0.1:8490"
  }
}

variables {
  instance_id = "a23fb62bd61e4e9e9636fd2225f395bein07"
  node_id     = "18663926eacb443d98dc20f8620f28f2no07"
  users       = ["app"]
  change      = "CHG-1"
}

run "the_plan_shows_the_reviewer_who_matches" {
  command = plan

  assert {
    condition     = length(output.review) > 0 && alltrue([for line in output.review : startswith(line, "app@")])
    error_message = "The plan names the idle sessions of the application."
  }
}

run "the_apply_kills_them" {
  assert {
    condition     = output.killed.killed == length(output.review) && output.killed.remaining == 0
    error_message = "The sessions that the plan named are killed and gone."
  }
}

run "the_same_change_kills_once" {
  assert {
    condition     = output.killed.killed > 0 && length(output.review) == 0
    error_message = "The proof of the kill stays, and nobody matches any more."
  }
}
