# A fleet: the same kill on many instances
#
# One resource with for_each ends long queries on every instance of a fleet, each with its own cap, and each with its own
# lines in state and plan. A dozen instances or a thousand make no difference to the configuration; for a thousand, run
#
#   terraform apply -parallelism=100
#
# The provider shares one limit on concurrent calls and slows down when the gateway throttles, so that a higher
# parallelism does no harm. An instance on which more sessions match than the cap allows is an error of that instance
# alone: the others go on, and applying again tries only those that are left.

terraform {
  required_providers {
    hwc = {
      source  = "hwc-ops/hwc"
      version = "~> 0.2"
    }
  }
}

variable "region" {
  type        = string
  default     = "cn-north-4"
  description = "Region of the instance."
}

variable "endpoints" {
  type        = map(string)
  default     = {}
  description = "Only for a rehearsal: the sandbox's address for dcs, taurusdb and iam."
}

# Credentials come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region    = var.region
  endpoints = var.endpoints
}

variable "fleet" {
  type = map(object({
    instance_id = string
    node_id     = string
  }))
  default = {
    primary = {
      instance_id = "a23fb62bd61e4e9e9636fd2225f395bein07"
      node_id     = "18663926eacb443d98dc20f8620f28f2no07"
    }
    replica = {
      instance_id = "a23fb62bd61e4e9e9636fd2225f395bein07"
      node_id     = "5b1e0c7d94f24a6db0a3f6c2e8d47190no07"
    }
  }
  description = "Nodes by a name of your own; by default the sandbox's."
}

variable "at_most" {
  type        = number
  default     = 50
  description = "If more sessions match on an instance, none is killed there."
}

variable "round" {
  type        = string
  default     = "1"
  description = "Another value kills again, everywhere."
}

resource "hwc_taurusdb_session_kill" "fleet" {
  for_each = var.fleet

  instance_id  = each.value.instance_id
  node_id      = each.value.node_id
  max_sessions = var.at_most

  select {
    users    = ["report"]
    commands = ["Query"]
    min_busy = "2m"
  }

  triggers = {
    round = var.round
  }
}

output "killed" {
  description = "How many sessions were killed where."
  value       = { for name, kill in hwc_taurusdb_session_kill.fleet : name => kill.killed_count }
}

output "remaining" {
  description = "Where sessions are still there, or may be, and which."
  value = {
    for name, kill in hwc_taurusdb_session_kill.fleet :
    name => [for one in kill.sessions : one.id if contains(["remaining", "unknown"], one.outcome)]
    if kill.remaining_count != 0
  }
}
