variable "ddm_physical_instance_id" {
  type        = string
  description = "The RDS for MySQL instance that is the data node: 32 letters and digits, then in01."
}

# Everybody who is connected to the data node.
data "hwc_ddm_physical_sessions" "everybody" {
  instance_id = var.ddm_physical_instance_id
}

output "ddm_connections" {
  description = "How many sessions each user has at the data node."
  value       = { for user, sessions in { for session in data.hwc_ddm_physical_sessions.everybody.sessions : coalesce(session.user, "-") => session.id... } : user => length(sessions) }
}
