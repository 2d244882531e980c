variable "instance_id" {
  type        = string
  description = "ID of the TaurusDB instance."
}

variable "old_primary" {
  type        = string
  description = "ID of the node that is the primary before the switchover. Its sessions are killed."
}

variable "switch_id" {
  type        = string
  description = "ID of the switchover, as an attribute of its resource: it is not known before the switchover is done, so the kill waits. Another one kills again."
}

variable "roles" {
  type        = map(string)
  description = "Role of each node, read after the switchover: master or slave, by node ID."
}

variable "spared_users" {
  type        = list(string)
  default     = []
  description = "Accounts whose sessions are left alone, such as monitoring."
}

variable "max_sessions" {
  type        = number
  default     = 500
  description = "Maximum number of sessions to kill. If more match, none is killed."
}
