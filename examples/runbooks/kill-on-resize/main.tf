# Kill sessions when an instance was resized
#
# After a resize, clients hold on to connections that were made when the instance was small, and the load stays where it
# was. Here a change of the instance triggers the kill by itself: an action, which leaves nothing in state. It needs
# Terraform 1.14 or later.
#
# terraform_data stands for the instance, so that this can be rehearsed without one: put the action_trigger into the
# lifecycle block of your own huaweicloud_dcs_instance instead.
#
#   terraform apply -var capacity=16                                            resizes, then kills
#   terraform apply -invoke=action.hwc_dcs_session_kill.after_resize            kills at any other time

terraform {
  required_version = ">= 1.14"

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

variable "instance_id" {
  type        = string
  default     = "5560df16-cebf-4473-95c4-d1b573c16e79"
  description = "DCS instance; by default the sandbox's."
}

variable "capacity" {
  type        = number
  default     = 8
  description = "Size of the instance in GB."
}

action "hwc_dcs_session_kill" "after_resize" {
  config {
    instance_id    = var.instance_id
    kill_all_nodes = true

    # Those that connected just now have seen the new size already, and subscribers would lose messages.
    select {
      users   = ["app", "worker"]
      flags   = ["N", "b", "x"]
      min_age = "10s"
    }
  }
}

resource "terraform_data" "instance" {
  input = var.capacity

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.hwc_dcs_session_kill.after_resize]
    }
  }
}

# Read at every plan, so that it shows what the last apply left.
data "hwc_dcs_sessions" "old" {
  instance_id = var.instance_id

  select {
    users   = ["app", "worker"]
    flags   = ["N", "b", "x"]
    min_age = "10s"
  }
}

output "old_sessions" {
  description = "How many sessions are older than the last resize."
  value       = length(data.hwc_dcs_sessions.old.sessions)
}
