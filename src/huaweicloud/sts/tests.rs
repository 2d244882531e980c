use super::*;

#[test]
fn a_session_has_the_name_of_its_agency_when_that_is_long_enough() {
    for (agency, session) in [("ops", "ops"), ("运维", "运维"), ("o", "o-session")] {
        assert_eq!(session_name(agency), session);
    }
}
