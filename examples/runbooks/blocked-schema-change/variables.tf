variable "instance_id" {
  type        = string
  description = "ID of the GaussDB instance."
}

variable "node_id" {
  type        = string
  description = "ID of the node."
}

variable "component_id" {
  type        = string
  description = "ID of the component (CN or DN) on which the change runs."
}

variable "users" {
  type        = list(string)
  description = "Accounts of the application, whose idle transactions are ended."
}

variable "spared_users" {
  type        = list(string)
  default     = []
  description = "Accounts whose sessions are left alone although others wait for them."
}

variable "min_transaction" {
  type        = string
  default     = "5m"
  description = "Idle transactions that are younger are left alone."
}

variable "max_sessions" {
  type        = number
  default     = 20
  description = "Maximum number of sessions that each of the two kills may kill. If more match, none is killed."
}

variable "change" {
  type        = string
  description = "The schema change, such as the number of its ticket. Another number kills again."
}
