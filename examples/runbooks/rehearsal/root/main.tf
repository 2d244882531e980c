terraform {
  required_version = ">= 1.6"

  required_providers {
    hwc = {
      source  = "hwc-ops/hwc"
      version = "~> 0.2"
    }
  }
}

provider "hwc" {
  region = "cn-north-4"
}

variable "approval" {
  type        = string
  default     = null
  description = "The ticket that approves the kill."
}

module "reports" {
  source = "github.com/hwc-ops/terraform-provider-hwc//examples/runbooks/rehearsal?ref=v0.2.0"

  instance_id  = "a23fb62bd61e4e9e9636fd2225f395bein07"
  node_id      = "18663926eacb443d98dc20f8620f28f2no07"
  max_sessions = 50
  approval     = var.approval

  conditions = {
    users    = ["app"]
    min_idle = "1h"
  }
}

output "ticket" {
  description = "The list for the ticket."
  value       = module.reports.ticket
}

output "killed" {
  description = "How many sessions were killed for the ticket."
  value       = module.reports.killed
}
