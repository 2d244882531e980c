variable "dcs_instance_id" {
  type        = string
  description = "The DCS instance."
}

variable "dcs_node_id" {
  type        = string
  description = "The node of the instance whose sessions are killed."
}

variable "dcs_kill_round" {
  type        = string
  default     = "1"
  description = "Change it to kill again."
}

# Kills all sessions of one node, and waits until the job of the cloud ends.
resource "hwc_dcs_session_kill" "node" {
  instance_id = var.dcs_instance_id
  node_id     = var.dcs_node_id

  triggers = {
    round = var.dcs_kill_round
  }

  timeouts {
    create = "5m"
  }
}

# Kills the sessions of every node after the first kill.
resource "hwc_dcs_session_kill" "all_nodes" {
  instance_id    = var.dcs_instance_id
  kill_all_nodes = true

  depends_on = [hwc_dcs_session_kill.node]
}

output "dcs_job" {
  description = "The job and the request of the kill."
  value = {
    id          = hwc_dcs_session_kill.node.job_id
    status      = hwc_dcs_session_kill.node.job_status
    finished_at = hwc_dcs_session_kill.node.finished_at
    request_id  = hwc_dcs_session_kill.node.request_id
  }
}
