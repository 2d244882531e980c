locals {
  rows = [
    for session in hwc_taurusdb_session_kill.rehearsal.sessions :
    [session.id, session.user, session.address, session.database, session.command, session.idle_seconds, session.busy_seconds]
  ]
}

output "would_be_killed" {
  description = "How many sessions match in the rehearsal."
  value       = hwc_taurusdb_session_kill.rehearsal.remaining_count
}

output "ticket" {
  description = "The list of the rehearsal as Markdown, for the ticket. No statement is in it: SQL text can hold personal data."
  value       = <<-EOT
    ### ${hwc_taurusdb_session_kill.rehearsal.remaining_count} sessions match on node ${var.node_id}

    If more than ${var.max_sessions} match at the kill, none is killed.

    Conditions: `${jsonencode({ for name, value in var.conditions : name => value if value != null })}`

    | ID | user | address | database | command | idle for (s) | busy for (s) |
    | --- | --- | --- | --- | --- | --- | --- |
    ${join("\n", [for row in local.rows : "| ${join(" | ", [for cell in row : cell == null ? "-" : cell])} |"])}

    Sessions of the server itself are not in the list: the kill leaves them alone.
  EOT
}

output "killed" {
  description = "How many sessions were killed for the ticket. Null without a ticket."
  value       = one([for kill in hwc_taurusdb_session_kill.approved : kill.killed_count])
}
