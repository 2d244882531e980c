# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    dcs = "http://127.0.0.1:8490"
    iam = "http://127.0.0.1:8490"
  }
}

mock_provider "huaweicloud" {}

variables {
  password = "Before-the-rotation-1"
}

run "a_new_account_kills_nobody" {
}

run "a_new_password_kills_the_old_sessions" {
  variables {
    password = "After-the-rotation-2"
  }

  assert {
    condition     = length(run.a_new_account_kills_nobody.sessions) > 0
    error_message = "The account has sessions before."
  }
}

run "they_are_gone" {
  command = plan

  variables {
    password = "After-the-rotation-2"
  }

  assert {
    condition     = length(output.sessions) == 0
    error_message = "Nobody is logged in with the old password."
  }
}
