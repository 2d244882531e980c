# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    opengauss = "http://127.0.0.1:8490"
    iam       = "http://127.0.0.1:8490"
  }
}

variables {
  instance_id  = "4a7d0e3b6c9f42158d1e4a7b0c3f6d92in14"
  node_id      = "8e1b4d7a0c3f46259b8e1d4a7c0f3b65no14"
  component_id = "cn_5001"
  users        = ["app"]
  change       = "CHG-1"
}

run "who_blocks_is_killed_and_not_who_waits" {
  # In the sandbox, one session holds a lock, another waits for it and blocks a third, which only waits.
  assert {
    condition     = output.killed.blockers == 2 && length(output.still_blocking) == 0
    error_message = "Both blockers are killed, and nobody waits any more."
  }

  assert {
    condition     = output.killed.idle_transactions > 0
    error_message = "Transactions that were left open are ended."
  }
}

run "the_next_change_finds_nobody" {
  variables {
    change = "CHG-2"
  }

  assert {
    condition     = output.killed.blockers == 0
    error_message = "Nobody blocks, which is no error."
  }
}
