# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    taurusdb = "http://127.0.0.1:8490"
    iam      = "http://127.0.0.1:8490"
  }
}

variables {
  instance_id  = "a23fb62bd61e4e9e9636fd2225f395bein07"
  old_primary  = "18663926eacb443d98dc20f8620f28f2no07"
  switch_id    = "drill-1"
  spared_users = ["ops"]
  roles = {
    "18663926eacb443d98dc20f8620f28f2no07" = "slave"
    "5b1e0c7d94f24a6db0a3f6c2e8d47190no07" = "master"
  }
}

run "before_the_switchover_nobody_is_killed" {
  command = plan

  variables {
    roles = {
      "18663926eacb443d98dc20f8620f28f2no07" = "master"
      "5b1e0c7d94f24a6db0a3f6c2e8d47190no07" = "slave"
    }
  }

  expect_failures = [hwc_taurusdb_session_kill.old_primary]
}

run "after_the_switchover_the_sessions_on_the_old_primary_are_killed" {
  assert {
    condition     = output.killed.killed > 0 && output.killed.remaining == 0
    error_message = "The sessions are killed and gone."
  }

  assert {
    condition     = length(output.on_the_old_primary) == 0
    error_message = "Nobody but the spared users is on the old primary."
  }
}
