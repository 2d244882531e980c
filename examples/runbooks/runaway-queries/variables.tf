variable "nodes" {
  type = map(object({
    instance_id = string
    node_id     = string
  }))
  description = "The TaurusDB nodes, each by a name."
}

variable "users" {
  type        = list(string)
  description = "Accounts whose queries are stopped."
}

variable "min_busy" {
  type        = string
  default     = "10m"
  description = "Queries that have run for a shorter time go on."
}

variable "statement_matches" {
  type        = list(string)
  default     = null
  description = "Regular expressions, one of which the statement must match. By default any statement matches."
}

variable "max_sessions" {
  type        = number
  default     = 20
  description = "Maximum number of sessions to kill on each node. If more match on a node, none is killed there."
}

variable "incident" {
  type        = string
  description = "Number of the incident. Another one kills again, on every node."
}
