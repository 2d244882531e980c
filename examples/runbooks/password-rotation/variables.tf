variable "instance_id" {
  type        = string
  description = "ID of the DCS instance."
}

variable "account_name" {
  type        = string
  description = "Name of the account whose password is rotated."
}

variable "account_role" {
  type        = string
  default     = "write"
  description = "What the account may do: read or write."
}

variable "account_password" {
  type        = string
  sensitive   = true
  description = "Password of the account. Another one changes the account, and then kills its sessions."
}

variable "min_age" {
  type        = string
  default     = null
  description = "Sessions that are younger when they are listed are left alone, for example 5s. By default none is."
}

variable "max_sessions" {
  type        = number
  default     = 200
  description = "Maximum number of sessions to kill. If more match, none is killed."
}
