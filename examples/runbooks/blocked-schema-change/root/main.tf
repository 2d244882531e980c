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

variable "change" {
  type        = string
  description = "Number of the change. Another one kills and runs the command again."
}

variable "command" {
  type        = string
  description = "The command that runs the schema change. Let it give up when it waits for a lock, and do not let it retry."
}

module "unblock" {
  source = "github.com/hwc-ops/terraform-provider-hwc//examples/runbooks/blocked-schema-change?ref=v0.2.0"

  instance_id     = "4a7d0e3b6c9f42158d1e4a7b0c3f6d92in14"
  node_id         = "8e1b4d7a0c3f46259b8e1d4a7c0f3b65no14"
  component_id    = "cn_5001"
  users           = ["app"]
  spared_users    = ["backup"]
  min_transaction = "5m"
  max_sessions    = 20
  change          = var.change
}

# Runs after the kills, and again after another change.
resource "terraform_data" "change" {
  triggers_replace = var.change
  depends_on       = [module.unblock]

  provisioner "local-exec" {
    command = var.command
  }
}

output "killed" {
  description = "How many blockers and how many idle transactions were ended."
  value       = module.unblock.killed
}

output "still_blocking" {
  description = "Who blocks others after the kills."
  value       = module.unblock.still_blocking
}
