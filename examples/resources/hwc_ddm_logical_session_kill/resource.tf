variable "ddm_logical_instance_id" {
  type        = string
  description = "The DDM instance: 32 letters and digits, then in09."
}

# Ends sessions of clients that have been idle for an hour, if they are not more than 50.
resource "hwc_ddm_logical_session_kill" "idle" {
  instance_id = var.ddm_logical_instance_id

  select {
    min_idle      = "1h"
    exclude_users = ["monitor"]
  }

  max_sessions = 50
}

output "ddm_idle" {
  description = "What became of each session, and whose it was."
  value       = { for session in hwc_ddm_logical_session_kill.idle.sessions : session.id => { user = session.user, outcome = session.outcome } }
}
