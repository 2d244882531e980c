# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    taurusdb = "http://127.0.0.1:8490"
    iam      = "http://127.0.0.1:8490"
  }
}

run "without_a_ticket_nobody_is_killed" {
  assert {
    condition     = output.killed == null && strcontains(output.ticket, "| app |")
    error_message = "The list is written, and nobody is killed."
  }
}

run "the_ticket_kills" {
  variables {
    approval = "CHG-1"
  }

  assert {
    condition     = output.killed > 0 && strcontains(output.ticket, "### ${output.killed} sessions match")
    error_message = "The sessions are killed, and the list stays as it was."
  }
}
