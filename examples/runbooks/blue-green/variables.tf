variable "instance_id" {
  type        = string
  description = "ID of the old RDS for PostgreSQL instance: blue."
}

variable "moved_to" {
  type        = string
  description = "Where the traffic goes now, as an attribute of the resource that moves it, so that the kill waits for the move. Another value kills again."
}

variable "round" {
  type        = string
  default     = "1"
  description = "Another value kills again, if clients came back."
}

variable "spared_users" {
  type        = list(string)
  default     = []
  description = "Accounts whose sessions are left alone, such as monitoring and replication to the new instance."
}

variable "max_sessions" {
  type        = number
  default     = 500
  description = "Maximum number of sessions to kill. If more match, none is killed."
}
