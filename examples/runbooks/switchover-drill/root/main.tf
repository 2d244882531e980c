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

# Written down, not read from a data source: after the switchover a data source finds the other node.
locals {
  instance_id = "a23fb62bd61e4e9e9636fd2225f395bein07"
  old_primary = "18663926eacb443d98dc20f8620f28f2no07"
  new_primary = "5b1e0c7d94f24a6db0a3f6c2e8d47190no07"
}

variable "drill" {
  type        = string
  description = "Number or date of the drill. Another one switches again."
}

# One switchover for each drill. Its arguments cannot be changed, so the next drill is a resource of its own.
resource "huaweicloud_taurusdb_primary_standby_switch" "drill" {
  for_each = toset([var.drill])

  instance_id = local.instance_id
  node_id     = local.new_primary
}

# The roles after the switchover.
data "huaweicloud_taurusdb_instances" "after" {
  depends_on = [huaweicloud_taurusdb_primary_standby_switch.drill]
}

module "old_primary" {
  source = "github.com/hwc-ops/terraform-provider-hwc//examples/runbooks/switchover-drill?ref=v0.2.0"

  instance_id = local.instance_id
  old_primary = local.old_primary

  # The ID is there when the switchover is done: it makes the kill wait.
  switch_id    = "${var.drill} ${huaweicloud_taurusdb_primary_standby_switch.drill[var.drill].id}"
  roles        = merge([for one in data.huaweicloud_taurusdb_instances.after.instances : { for node in one.nodes : node.id => node.type }]...)
  spared_users = ["monitoring"]
  max_sessions = 500
}

output "killed" {
  description = "What the kill on the old primary did."
  value       = module.old_primary.killed
}

output "on_the_old_primary" {
  description = "Clients that do not follow the switchover."
  value       = module.old_primary.on_the_old_primary
}
