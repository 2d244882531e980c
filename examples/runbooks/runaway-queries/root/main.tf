terraform {
  required_version = ">= 1.6"

  required_providers {
    huaweicloud = {
      source  = "huaweicloud/huaweicloud"
      version = "~> 1.93"
    }
    hwc = {
      source  = "hwc-ops/hwc"
      version = "~> 0.2"
    }
  }
}

provider "huaweicloud" {
  region = "cn-north-4"
}

provider "hwc" {
  region = "cn-north-4"
}

variable "incident" {
  type        = string
  description = "Number of the incident. Another one kills again."
}

# Every TaurusDB instance of the region whose name has this in it.
data "huaweicloud_taurusdb_instances" "fleet" {
  name = "shop"
}

module "runaway_queries" {
  source = "github.com/hwc-ops/terraform-provider-hwc//examples/runbooks/runaway-queries?ref=v0.2.0"

  # By ID: a node that comes or goes, or an instance with another name, leaves the other kills as they are.
  nodes = merge([
    for instance in data.huaweicloud_taurusdb_instances.fleet.instances : {
      for node in instance.nodes : (node.id) => { instance_id = instance.id, node_id = node.id }
    }
  ]...)
  users        = ["report"]
  min_busy     = "10m"
  max_sessions = 20
  incident     = var.incident
}

output "killed" {
  description = "How many sessions were killed on each node."
  value       = module.runaway_queries.killed
}

output "remaining" {
  description = "Where sessions are still there."
  value       = module.runaway_queries.remaining
}
