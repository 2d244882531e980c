# Drain idle application sessions before a schema change
#
# ALTER TABLE waits for every transaction that has touched the table, and everybody else then waits for ALTER TABLE. An
# idle session that forgot to commit is enough. This ends the application's sessions that have been idle for a while, and
# leaves those alone that are doing something, and every other account.
#
# 1. Rehearse:  terraform apply -var dry_run=true    lists who would go, and kills nobody.
# 2. Drain:     terraform apply                      kills them, and sees that they are gone.
# 3. Check:     the output left says who of them is (or is again) idle. Connection pools reconnect at once; a new session
#               holds no lock. Then run the schema change.
#
# To drain again before the next change, give change another value.

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
  default     = "a23fb62bd61e4e9e9636fd2225f395bein07"
  description = "TaurusDB instance; by default the sandbox's."
}

variable "node_id" {
  type        = string
  default     = "18663926eacb443d98dc20f8620f28f2no07"
  description = "Node on which the schema change will run."
}

variable "users" {
  type        = list(string)
  default     = ["app"]
  description = "Accounts of the application."
}

variable "idle_for" {
  type        = string
  default     = "5m"
  description = "Sessions that have been idle for less are left alone."
}

variable "max_sessions" {
  type        = number
  default     = 500
  description = "If more sessions match, something is not as expected: none is killed."
}

variable "dry_run" {
  type        = bool
  default     = false
  description = "Only list the sessions."
}

variable "change" {
  type        = string
  default     = "1"
  description = "The schema change, such as the number of its ticket."
}

resource "hwc_taurusdb_session_kill" "idle" {
  instance_id  = var.instance_id
  node_id      = var.node_id
  max_sessions = var.max_sessions
  dry_run      = var.dry_run

  select {
    users    = var.users
    min_idle = var.idle_for
  }

  triggers = {
    change = var.change
  }
}

# Read after the kill.
data "hwc_taurusdb_sessions" "idle" {
  instance_id = var.instance_id
  node_id     = var.node_id

  select {
    users    = var.users
    min_idle = var.idle_for
  }

  depends_on = [hwc_taurusdb_session_kill.idle]
}

output "drained" {
  description = "How many sessions were chosen, were killed, and are still there."
  value = {
    chosen    = length(hwc_taurusdb_session_kill.idle.sessions)
    killed    = hwc_taurusdb_session_kill.idle.killed_count
    remaining = hwc_taurusdb_session_kill.idle.remaining_count
  }
}

output "left" {
  description = "Idle sessions of the application, now."
  value = [
    for one in data.hwc_taurusdb_sessions.idle.sessions :
    { id = one.id, user = one.user, address = one.address, idle_seconds = one.idle_seconds }
  ]
}
