terraform {
  required_providers {
    hwc = {
      source  = "hwc-ops/hwc"
      version = "~> 0.2"
    }
  }
}

# The keys come from HW_ACCESS_KEY and HW_SECRET_KEY.
provider "hwc" {
  region = "cn-north-4"

  # The sandbox on this machine. Without this map, the provider calls Huawei Cloud.
  endpoints = {
    dcs      = "http://127.0.0.1:8490"
    taurusdb = "http://127.0.0.1:8490"
    iam      = "http://127.0.0.1:8490"
  }
}

variable "round" {
  type        = number
  default     = 1
  description = "Change it to kill the sessions of the cache again."
}

# All sessions of one Redis node.
resource "hwc_dcs_session_kill" "cache" {
  instance_id = "5560df16-cebf-4473-95c4-d1b573c16e79"
  node_id     = "8f7ee181-88e2-49b7-a4bf-81f18f93a135"

  triggers = {
    round = var.round
  }
}

# Three sessions of one MySQL node. The last one does not exist.
resource "hwc_taurusdb_session_kill" "reports" {
  instance_id = "a23fb62bd61e4e9e9636fd2225f395bein07"
  node_id     = "18663926eacb443d98dc20f8620f28f2no07"
  processes   = [2075425, 2075426, 4000000000]
}

output "cache" {
  value = hwc_dcs_session_kill.cache.job_status
}

output "reports" {
  value = {
    killed    = hwc_taurusdb_session_kill.reports.processes_killed
    not_found = hwc_taurusdb_session_kill.reports.processes_not_found
  }
}
