# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    das = "http://127.0.0.1:8490"
    iam = "http://127.0.0.1:8490"
  }
}

mock_provider "huaweicloud" {}

variables {
  green_address = "192.168.0.20"
}

run "the_old_instance_is_drained_after_the_move" {
  assert {
    condition     = output.drained.killed > 0 && output.drained.remaining == 0
    error_message = "The sessions on the old instance are killed and gone."
  }
}

run "another_round_kills_again" {
  variables {
    round = "2"
  }

  assert {
    condition     = output.drained.killed == 0
    error_message = "Nobody came back, so nobody is killed."
  }
}
