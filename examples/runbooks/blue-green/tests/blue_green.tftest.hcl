# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    das = "http://127.0.0.1:8490"
    iam = "http://127.0.0.1:8490"
  }
}

variables {
  instance_id  = "6b9d3f7a2c5e41808e1f4d7b9a3c6e52in03"
  moved_to     = "green"
  spared_users = ["ops"]
}

run "the_old_instance_is_drained" {
  assert {
    condition     = output.drained.killed > 0 && output.drained.remaining == 0
    error_message = "The sessions are killed and gone."
  }
}

run "who_is_on_the_old_instance_is_named" {
  command = plan

  # Now the sessions that were spared count as well.
  variables {
    spared_users = []
  }

  expect_failures = [check.nobody_came_back]
}
