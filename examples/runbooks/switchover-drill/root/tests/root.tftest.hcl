# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    taurusdb = "http://127.0.0.1:8490"
    iam      = "http://127.0.0.1:8490"
  }
}

mock_provider "huaweicloud" {
  mock_data "huaweicloud_taurusdb_instances" {
    defaults = {
      instances = [{
        id = "a23fb62bd61e4e9e9636fd2225f395bein07"
        nodes = [
          { id = "18663926eacb443d98dc20f8620f28f2no07", type = "slave" },
          { id = "5b1e0c7d94f24a6db0a3f6c2e8d47190no07", type = "master" },
        ]
      }]
    }
  }
}

variables {
  drill = "1"
}

run "the_drill_switches_and_kills_on_the_old_primary" {
  assert {
    condition     = output.killed.killed > 0 && length(output.on_the_old_primary) == 0
    error_message = "The sessions on the old primary are killed."
  }
}

run "the_same_drill_kills_once" {
  assert {
    condition     = output.killed == run.the_drill_switches_and_kills_on_the_old_primary.killed
    error_message = "The proof stays as it was."
  }
}

run "the_next_drill_kills_again" {
  variables {
    drill = "2"
  }

  assert {
    condition     = output.killed.killed == 0
    error_message = "The next drill lists again, and finds nobody."
  }
}
