# Actions need Terraform 1.14 or later.
terraform {
  required_version = ">= 1.14"
}

variable "rds_mysql_instance_id" {
  type        = string
  description = "The RDS for MySQL instance: 32 letters and digits, then in01."
}

variable "rds_mysql_database_user_id" {
  type        = string
  description = "The database account that DAS has stored for the instance, as huaweicloud_das_database_user makes it."
}

variable "rds_mysql_session_ids" {
  type        = list(string)
  description = "The IDs of the sessions, as SHOW PROCESSLIST has them."
}

# Ends the chosen sessions, and leaves nothing in state. Run it by its name, with the IDs of the day:
#
#   terraform apply -invoke=action.hwc_rds_mysql_session_kill.runaway_queries -var='rds_mysql_session_ids=["2075425"]'
action "hwc_rds_mysql_session_kill" "runaway_queries" {
  config {
    instance_id      = var.rds_mysql_instance_id
    database_user_id = var.rds_mysql_database_user_id
    session_ids      = var.rds_mysql_session_ids
  }
}
