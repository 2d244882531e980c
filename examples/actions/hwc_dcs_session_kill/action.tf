# Actions need Terraform 1.14 or later.
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
  description = "How many clients the cache takes."
}

# Ends the sessions of every node. Run it whenever it is needed, by its name:
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

# Or have it run whenever something else has changed: clients then connect again.
resource "terraform_data" "cache_settings" {
  input = var.dcs_max_clients

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.hwc_dcs_session_kill.all_nodes]
    }
  }
}
