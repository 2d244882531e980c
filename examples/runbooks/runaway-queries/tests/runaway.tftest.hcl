# The sandbox on this machine. The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  endpoints = {
    taurusdb = "http://127.0.0.1:8490"
    iam      = "http://127.0.0.1:8490"
  }
}

variables {
  users        = ["report"]
  min_busy     = "2m"
  max_sessions = 100

  nodes = {
    primary = {
      instance_id = "a23fb62bd61e4e9e9636fd2225f395bein07"
      node_id     = "18663926eacb443d98dc20f8620f28f2no07"
    }
    replica = {
      instance_id = "a23fb62bd61e4e9e9636fd2225f395bein07"
      node_id     = "5b1e0c7d94f24a6db0a3f6c2e8d47190no07"
    }
  }
}

run "one_kind_of_statement_is_stopped_on_every_node" {
  variables {
    incident          = "INC-1"
    statement_matches = ["^SELECT customer, SUM"]
  }

  assert {
    condition     = length(output.killed) == 2 && alltrue([for count in values(output.killed) : count > 0])
    error_message = "Queries are stopped on both nodes."
  }

  assert {
    condition     = length(output.remaining) == 0
    error_message = "They are gone on both nodes."
  }
}

run "the_next_incident_stops_the_others" {
  variables {
    incident = "INC-2"
  }

  assert {
    condition     = sum(values(output.killed)) > 0
    error_message = "Queries with other statements are stopped."
  }
}

run "nobody_is_left" {
  # A query that was too young before can be two minutes old by now, but not ten.
  variables {
    incident = "INC-3"
    min_busy = "10m"
  }

  assert {
    condition     = sum(values(output.killed)) == 0
    error_message = "Nobody is left, which is no error."
  }
}
