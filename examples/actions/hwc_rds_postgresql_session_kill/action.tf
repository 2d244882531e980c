# Actions need Terraform 1.14 or later.
terraform {
  required_version = ">= 1.14"
}

variable "rds_postgresql_instance_id" {
  type        = string
  description = "The RDS for PostgreSQL instance: 32 letters and digits, then in03."
}

variable "rds_postgresql_session_ids" {
  type        = list(string)
  description = "The process IDs of the sessions, as pg_stat_activity has them."
}

# Ends the chosen sessions, and leaves nothing in state. Run it by its name, with the IDs of the day:
#
#   terraform apply -invoke=action.hwc_rds_postgresql_session_kill.runaway_queries -var='rds_postgresql_session_ids=["2075425"]'
action "hwc_rds_postgresql_session_kill" "runaway_queries" {
  config {
    instance_id = var.rds_postgresql_instance_id
    session_ids = var.rds_postgresql_session_ids
  }
}
