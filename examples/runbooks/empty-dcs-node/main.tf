# Empty a DCS node before a switchover
#
# Ends the client sessions of one node, so that they reconnect where the switchover has moved the data, and not when it
# surprises them. Links of replication are left alone, which the switchover needs, and so are the users in spared, such as
# monitoring.
#
# 1. Rehearse:  terraform apply -var dry_run=true
# 2. Empty:     terraform apply
# 3. Switch over at once: clients that reconnect to the old node are new sessions, and the output now counts them.

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

variable "instance_id" {
  type        = string
  default     = "5560df16-cebf-4473-95c4-d1b573c16e79"
  description = "DCS instance; by default the sandbox's."
}

variable "node_id" {
  type        = string
  default     = "8f7ee181-88e2-49b7-a4bf-81f18f93a135"
  description = "Node that is to be emptied."
}

variable "spared" {
  type        = list(string)
  default     = ["ops"]
  description = "Users whose sessions stay."
}

variable "dry_run" {
  type        = bool
  default     = false
  description = "Only list the sessions."
}

variable "switchover" {
  type        = string
  default     = "1"
  description = "The switchover, such as its date. Another value empties the node again."
}

resource "hwc_dcs_session_kill" "node" {
  instance_id = var.instance_id
  node_id     = var.node_id
  dry_run     = var.dry_run

  select {
    all           = true
    exclude_users = var.spared
  }

  triggers = {
    switchover = var.switchover
  }

  # How long to look for sessions that take their time to go.
  timeouts {
    create = "2m"
  }
}

# Read after the kill.
data "hwc_dcs_sessions" "node" {
  instance_id = var.instance_id
  node_id     = var.node_id

  depends_on = [hwc_dcs_session_kill.node]
}

output "emptied" {
  description = "How many sessions were killed, and how many of those are still there."
  value = {
    killed    = hwc_dcs_session_kill.node.killed_count
    remaining = hwc_dcs_session_kill.node.remaining_count
  }
}

output "now" {
  description = "How many sessions each user has on the node now."
  value       = { for user, ids in { for one in data.hwc_dcs_sessions.node.sessions : coalesce(one.user, "-") => one.id... } : user => length(ids) }
}
