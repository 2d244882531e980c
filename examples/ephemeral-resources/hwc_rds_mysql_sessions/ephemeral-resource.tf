variable "rds_mysql_instance_id" {
  type        = string
  description = "The RDS for MySQL instance: 32 letters and digits, then in01."
}

variable "rds_mysql_database_user_id" {
  type        = string
  description = "The ID of a database account that is stored in DAS, for example by huaweicloud_das_database_user."
}

# Checks in every plan and apply whether a backup is running, and stops the run if so. Stores no statements.
ephemeral "hwc_rds_mysql_sessions" "backup" {
  instance_id      = var.rds_mysql_instance_id
  database_user_id = var.rds_mysql_database_user_id

  select {
    users = ["backup"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.sessions) == 0
      error_message = "A backup is running: try again when it has ended."
    }
  }
}
