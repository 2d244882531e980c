# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    taurusdb = "http://127.0.0.1:8490"
    iam      = "http://127.0.0.1:8490"
  }
}

variables {
  change = "CHG-1"
}

run "the_plan_shows_who_matches" {
  command = plan

  assert {
    condition     = length(output.review) > 0
    error_message = "The plan names the sessions."
  }
}

run "the_apply_kills_them" {
  assert {
    condition     = output.killed.killed > 0 && output.killed.killed == length(output.review)
    error_message = "The sessions that the plan named are killed."
  }
}
