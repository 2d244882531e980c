# Actions require Terraform 1.14 or later.
terraform {
  required_version = ">= 1.14"
}

variable "rds_mysql_instance_id" {
  type        = string
  description = "The RDS for MySQL instance: 32 letters and digits, then in01."
}

variable "rds_mysql_database_user_id" {
  type        = string
  description = "The ID of a database account that is stored in DAS, for example by huaweicloud_das_database_user."
}

variable "rds_mysql_session_ids" {
  type        = list(string)
  description = "The IDs of the sessions, as SHOW PROCESSLIST shows them."
}

# Kills the listed sessions, and stores nothing in state. Invoke it with the IDs:
#
#   terraform apply -invoke=action.hwc_rds_mysql_session_kill.runaway_queries -var='rds_mysql_session_ids=["2075425"]'
action "hwc_rds_mysql_session_kill" "runaway_queries" {
  config {
    instance_id      = var.rds_mysql_instance_id
    database_user_id = var.rds_mysql_database_user_id
    session_ids      = var.rds_mysql_session_ids
  }
}
