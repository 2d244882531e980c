variable "instance_id" {
  type        = string
  description = "ID of the TaurusDB instance."
}

variable "node_id" {
  type        = string
  description = "ID of the node whose sessions are killed."
}

variable "users" {
  type        = list(string)
  description = "Accounts whose sessions are killed."
}

variable "min_idle" {
  type        = string
  default     = "5m"
  description = "Sessions that have been idle for a shorter time are left alone."
}

variable "max_sessions" {
  type        = number
  default     = 100
  description = "Maximum number of sessions to kill. If more match, none is killed."
}

variable "change" {
  type        = string
  description = "Number of the change or ticket. Any number other than the one in state kills, also an earlier one."
}
