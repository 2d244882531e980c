variable "dds_node_id" {
  type        = string
  description = "The node: 32 letters and digits, then no02."
}

# Ends the operations of reports that have run for ten minutes, but never more than 20. Their clients stay connected.
resource "hwc_dds_session_kill" "long_reports" {
  node_id      = var.dds_node_id
  max_sessions = 20

  select {
    users    = ["report"]
    min_busy = "10m"
  }
}
