# Emergency stop of one user's long queries, with a cap
#
# A report has gone wrong and the database with it. This ends the statements of one user that have been running for longer
# than they should; nobody else is touched, and neither are that user's idle sessions. If more match than the cap, nobody is
# killed: at three in the morning, a surprise is a reason to look before going on.
#
#   terraform apply -var user=report -var longer_than=10m -var incident=INC-4711
#
# The next stop has another incident, or -replace=hwc_taurusdb_session_kill.long_queries.

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
  description = "Node on which the queries run."
}

variable "user" {
  type        = string
  default     = "report"
  description = "The one account whose statements are ended."
}

variable "longer_than" {
  type        = string
  default     = "2m"
  description = "Statements that have been running for less go on."
}

variable "statements" {
  type        = list(string)
  default     = null
  description = "Regular expressions, of which the statement meets one. By default any statement."
}

variable "at_most" {
  type        = number
  default     = 50
  description = "The cap: if more sessions match, none is killed."
}

variable "incident" {
  type        = string
  default     = "rehearsal"
  description = "What this is for. It stays in state."
}

resource "hwc_taurusdb_session_kill" "long_queries" {
  instance_id  = var.instance_id
  node_id      = var.node_id
  max_sessions = var.at_most

  select {
    users             = [var.user]
    commands          = ["Query", "Execute"]
    min_busy          = var.longer_than
    statement_matches = var.statements
  }

  triggers = {
    incident = var.incident
  }
}

output "stopped" {
  description = "What was done, when, and the ID for the cloud's support."
  value = {
    killed     = hwc_taurusdb_session_kill.long_queries.processes_killed
    rolling    = [for one in hwc_taurusdb_session_kill.long_queries.sessions : one.id if one.outcome == "remaining"]
    at         = hwc_taurusdb_session_kill.long_queries.finished_at
    request_id = hwc_taurusdb_session_kill.long_queries.request_id
  }
}
