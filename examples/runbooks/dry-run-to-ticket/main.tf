# A dry run whose output goes to a ticket
#
# Whoever approves a kill wants to see who it would hit. This kills nobody: it writes the list into the output ticket, as
# Markdown, without any statement, since SQL text may hold personal data.
#
#   terraform apply
#   terraform output -raw ticket      into the ticket
#
# When it is approved, the same conditions go into a runbook that kills, with max_sessions a little above the number here.

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
  description = "Node whose sessions are looked at."
}

variable "conditions" {
  type = object({
    users     = optional(list(string))
    addresses = optional(list(string))
    commands  = optional(list(string))
    min_idle  = optional(string)
    min_busy  = optional(string)
  })
  default = {
    min_idle = "1h"
  }
  description = "Which sessions."
}

variable "asked_at" {
  type        = string
  default     = "1"
  description = "Another value looks again."
}

resource "hwc_taurusdb_session_kill" "rehearsal" {
  instance_id = var.instance_id
  node_id     = var.node_id
  dry_run     = true

  select {
    users     = var.conditions.users
    addresses = var.conditions.addresses
    commands  = var.conditions.commands
    min_idle  = var.conditions.min_idle
    min_busy  = var.conditions.min_busy
  }

  triggers = {
    asked_at = var.asked_at
  }
}

locals {
  rows = [
    for one in hwc_taurusdb_session_kill.rehearsal.sessions :
    [one.id, one.user, one.address, one.database, one.command, one.idle_seconds, one.busy_seconds]
  ]
}

output "would_be_killed" {
  description = "IDs of the sessions that would be killed."
  value       = hwc_taurusdb_session_kill.rehearsal.sessions[*].id
}

output "ticket" {
  description = "The list, as Markdown."
  value       = <<-EOT
    ### ${hwc_taurusdb_session_kill.rehearsal.remaining_count} sessions would be killed on node ${var.node_id}

    Conditions: `${jsonencode({ for name, value in var.conditions : name => value if value != null })}`

    | ID | user | address | database | command | idle for (s) | busy for (s) |
    | --- | --- | --- | --- | --- | --- | --- |
    ${join("\n", [for row in local.rows : "| ${join(" | ", [for cell in row : cell == null ? "-" : cell])} |"])}

    Sessions of the server itself are not among them: a kill leaves them alone.
  EOT
}
