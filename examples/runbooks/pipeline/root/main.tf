terraform {
  required_version = ">= 1.6"

  required_providers {
    hwc = {
      source  = "hwc-ops/hwc"
      version = "~> 0.2"
    }
  }
}

# The pipeline sets the credentials in HW_* variables.
provider "hwc" {
  region = "cn-north-4"
}

variable "change" {
  type        = string
  description = "Number of the change. The pipeline sets it."
}

module "kill" {
  source = "github.com/hwc-ops/terraform-provider-hwc//examples/runbooks/pipeline?ref=v0.2.0"

  instance_id  = "a23fb62bd61e4e9e9636fd2225f395bein07"
  node_id      = "18663926eacb443d98dc20f8620f28f2no07"
  users        = ["app"]
  min_idle     = "5m"
  max_sessions = 100
  change       = var.change
}

output "review" {
  description = "Who matches at plan."
  value       = module.kill.review
}

output "killed" {
  description = "What the kill did."
  value       = module.kill.killed
}
