variable "instance_id" {
  type        = string
  description = "ID of the TaurusDB instance."
}

variable "node_id" {
  type        = string
  description = "ID of the node."
}

variable "conditions" {
  type = object({
    users             = optional(list(string))
    exclude_users     = optional(list(string))
    addresses         = optional(list(string))
    commands          = optional(list(string))
    min_idle          = optional(string)
    min_busy          = optional(string)
    statement_matches = optional(list(string))
  })
  description = "Which sessions: the same for the rehearsal and for the kill."
}

variable "max_sessions" {
  type        = number
  description = "Maximum number of sessions to kill. If more match, none is killed. Set it a little above what the rehearsal counts."
}

variable "rehearsal" {
  type        = string
  default     = "1"
  description = "Another value rehearses again."
}

variable "approval" {
  type        = string
  default     = null
  description = "Number of the ticket that approves the kill. By default there is none, and nobody is killed. Another ticket kills again."
}
