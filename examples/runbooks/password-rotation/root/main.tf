terraform {
  required_version = ">= 1.14"

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

# Both providers read the credentials from the same HW_* variables.
provider "huaweicloud" {
  region = "cn-north-4"
}

provider "hwc" {
  region = "cn-north-4"
}

variable "password" {
  type        = string
  sensitive   = true
  description = "The new password. Set it by TF_VAR_password."
}

module "rotation" {
  source = "github.com/hwc-ops/terraform-provider-hwc//examples/runbooks/password-rotation?ref=v0.2.0"

  instance_id      = "5560df16-cebf-4473-95c4-d1b573c16e79"
  account_name     = "app"
  account_password = var.password
  max_sessions     = 200
}

output "sessions" {
  description = "Who is logged in as the account."
  value       = module.rotation.sessions
}
