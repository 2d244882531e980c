variable "dcs_instance_id" {
  type        = string
  description = "The DCS instance."
}

# Clients of the whole instance that have sent nothing for ten minutes.
data "hwc_dcs_sessions" "idle" {
  instance_id = var.dcs_instance_id

  select {
    min_idle = "10m"
  }
}

output "idle_clients" {
  description = "The addresses of the clients and their last commands."
  value       = [for session in data.hwc_dcs_sessions.idle.sessions : { address = session.address, command = session.command }]
}
