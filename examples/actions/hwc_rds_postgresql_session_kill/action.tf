# Actions require Terraform 1.14 or later.
terraform {
  required_version = ">= 1.14"
}

variable "rds_postgresql_instance_id" {
  type        = string
  description = "The RDS for PostgreSQL instance: 32 letters and digits, then in03."
}

variable "rds_postgresql_session_ids" {
  type        = list(string)
  description = "The process IDs of the sessions, as pg_stat_activity shows them."
}

# Kills the listed sessions, and stores nothing in state. Invoke it with the IDs:
#
#   terraform apply -invoke=action.hwc_rds_postgresql_session_kill.runaway_queries -var='rds_postgresql_session_ids=["2075425"]'
action "hwc_rds_postgresql_session_kill" "runaway_queries" {
  config {
    instance_id = var.rds_postgresql_instance_id
    session_ids = var.rds_postgresql_session_ids
  }
}
