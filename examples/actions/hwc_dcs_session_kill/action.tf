# Actions require Terraform 1.14 or later.
terraform {
  required_version = ">= 1.14"
}

variable "dcs_instance_id" {
  type        = string
  description = "The DCS instance."
}

variable "dcs_max_clients" {
  type        = number
  default     = 10000
  description = "Maximum number of clients of the cache."
}

# Kills the sessions of every node. Invoke it by its name:
#
#   terraform apply -invoke=action.hwc_dcs_session_kill.all_nodes
action "hwc_dcs_session_kill" "all_nodes" {
  config {
    instance_id    = var.dcs_instance_id
    kill_all_nodes = true

    timeouts {
      create = "5m"
    }
  }
}

# Or invoke it after another resource has changed, so that clients connect again.
resource "terraform_data" "cache_settings" {
  input = var.dcs_max_clients

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.hwc_dcs_session_kill.all_nodes]
    }
  }
}
