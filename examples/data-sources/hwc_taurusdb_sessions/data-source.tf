variable "taurusdb_instance_id" {
  type        = string
  description = "The TaurusDB instance: 32 letters and digits, then in07."
}

variable "taurusdb_node_id" {
  type        = string
  description = "The node on which the sessions run: 32 letters and digits, then no07."
}

# The application's sessions that have been idle for five minutes or longer. Their statements are not kept.
data "hwc_taurusdb_sessions" "idle" {
  instance_id = var.taurusdb_instance_id
  node_id     = var.taurusdb_node_id

  select {
    users    = ["app"]
    commands = ["Sleep"]
    min_time = "5m"
  }
}

output "idle_by_database" {
  description = "How many idle sessions there are with each default database."
  value       = { for db, ids in { for one in data.hwc_taurusdb_sessions.idle.sessions : coalesce(one.db, "none") => one.id... } : db => length(ids) }
}
