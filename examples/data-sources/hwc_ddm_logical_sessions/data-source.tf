variable "ddm_logical_instance_id" {
  type        = string
  description = "The DDM instance: 32 letters and digits, then in09."
}

# Statements that have run for a minute or longer.
data "hwc_ddm_logical_sessions" "slow" {
  instance_id = var.ddm_logical_instance_id

  select {
    commands = ["Query"]
    min_busy = "1m"
  }
}

output "ddm_slow" {
  description = "Whose they are, and for how many seconds they have run."
  value       = { for session in data.hwc_ddm_logical_sessions.slow.sessions : session.id => { user = session.user, seconds = session.busy_seconds } }
}
