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

variable "green_address" {
  type        = string
  description = "Address of the new instance: green."
}

variable "round" {
  type        = string
  default     = "1"
  description = "Another value drains the old instance again, if clients came back."
}

# Moves the traffic: clients find the database by this name.
resource "huaweicloud_dns_recordset" "database" {
  zone_id = "2c9eb155587194ec01587224c9f90149"
  name    = "db.shop.internal."
  type    = "A"
  ttl     = 10
  records = [var.green_address]
}

module "blue" {
  source = "github.com/hwc-ops/terraform-provider-hwc//examples/runbooks/blue-green?ref=v0.2.0"

  instance_id = "6b9d3f7a2c5e41808e1f4d7b9a3c6e52in03"

  # The ID is there when the record set is: an attribute makes the kill wait, a variable does not.
  moved_to     = "${huaweicloud_dns_recordset.database.id} ${var.green_address}"
  round        = var.round
  spared_users = ["monitoring"]
  max_sessions = 500
}

output "drained" {
  description = "What the kill on the old instance did."
  value       = module.blue.drained
}
