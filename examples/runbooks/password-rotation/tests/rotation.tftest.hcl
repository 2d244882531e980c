# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    dcs = "http://127.0.0.1:8490"
    iam = "http://127.0.0.1:8490"
  }
}

# The account changes in a mock; the sessions are killed in the sandbox.
mock_provider "huaweicloud" {}

variables {
  instance_id      = "5560df16-cebf-4473-95c4-d1b573c16e79"
  account_name     = "app"
  account_password = "Before-the-rotation-1"
}

run "a_new_account_kills_nobody" {
  assert {
    condition     = length(output.sessions) > 0
    error_message = "The account has sessions."
  }
}

run "the_first_plan_sees_them_still" {
  command = plan

  assert {
    condition     = length(output.sessions) == length(run.a_new_account_kills_nobody.sessions)
    error_message = "Nobody was killed."
  }
}

run "a_new_password_kills_the_old_sessions" {
  variables {
    account_password = "After-the-rotation-2"
  }
}

run "nobody_with_the_old_password_is_left" {
  command = plan

  variables {
    account_password = "After-the-rotation-2"
  }

  assert {
    condition     = length(output.sessions) == 0
    error_message = "The sessions of the account are gone."
  }
}
