variable "ddm_physical_instance_id" {
  type        = string
  description = "The RDS for MySQL instance that is the data node: 32 letters and digits, then in01."
}

# Ends transactions at the data node that have been open for half an hour. Take dry_run out, and they are killed.
resource "hwc_ddm_physical_session_kill" "open_transactions" {
  instance_id = var.ddm_physical_instance_id

  select {
    min_transaction = "30m"
  }

  max_sessions = 10
  dry_run      = true
}

output "ddm_open_transactions" {
  description = "The sessions that would be killed, and where they come from."
  value       = { for session in hwc_ddm_physical_session_kill.open_transactions.sessions : session.id => session.address }
}
