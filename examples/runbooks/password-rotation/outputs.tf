output "sessions" {
  description = "The sessions of the account when the plan is made: where their clients are, and how old they are in seconds."
  value = [
    for session in data.hwc_dcs_sessions.of_the_account.sessions :
    { address = session.address, name = session.application, age = session.age_seconds }
  ]
}
