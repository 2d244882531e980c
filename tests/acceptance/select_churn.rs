//! Long lists that change while they are read: before every page some sessions end and as many others begin.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::engines;
use crate::support::groups::MOST;
use crate::support::sandbox::Sandbox;
use crate::support::services::{SERVICES, Service, as_text};
use crate::support::workspace::{Resource, Workspace};

/// How many sessions end, and how many begin, before each page.
const CHURN: usize = 7;

/// How many there are at first: more than one page of any service that has pages. More than a third of them are those of one
/// group.
const SESSIONS: usize = 5_000;

/// How many pages there are at first, of a service whose pages are small.
const SMALL_PAGES: usize = 50;

/// A node of a service, with sessions that come and go.
struct Restless {
    service: &'static Service,
    sandbox: Sandbox,
}

impl Restless {
    fn new(service: &'static Service) -> Self {
        let builder = Sandbox::builder().option("--churn", &CHURN.to_string());
        let sessions = (service.small_page).map_or(SESSIONS, |page| SMALL_PAGES * page);
        Self {
            service,
            sandbox: service.simulated(builder, service.up_to(sessions)).start(),
        }
    }

    fn workspace(&self, kind: &str, body: &str) -> Workspace {
        let configuration = self.service.block(kind, body);
        Workspace::new(engines::newest_terraform(), &self.sandbox, &configuration)
    }

    /// The ids of the sessions that live.
    fn sessions(&self) -> BTreeSet<String> {
        let nodes = self.sandbox.nodes();
        nodes[0].sessions.iter().map(as_text).collect()
    }

    /// The ids of the group's sessions, as a fresh list shows them.
    fn sessions_of_the_group(&self) -> BTreeSet<String> {
        let list = self.workspace("data", &self.service.select(MOST));
        listed(&list, self.service).into_iter().collect()
    }
}

/// The ids of the sessions of the data source, after an apply.
fn listed(workspace: &Workspace, service: &Service) -> Vec<String> {
    workspace.apply().succeeded();
    let list = workspace
        .resource(&service.listing())
        .expect("the list is in state");
    sessions_of(&list)
        .iter()
        .map(|session| as_text(&session["id"]))
        .collect()
}

fn sessions_of(resource: &Resource) -> &Vec<Value> {
    resource.values["sessions"].as_array().expect("a list")
}

#[test]
fn a_list_shows_everyone_who_stayed_and_nobody_twice_while_sessions_come_and_go() {
    for node in SERVICES.iter().map(Restless::new) {
        let before = node.sessions();

        let shown = listed(&node.workspace("data", ""), node.service);

        let after = node.sessions();
        let gone = before.difference(&after).count();
        let pages = if node.service.cut_at.is_none() { 2 } else { 1 };
        assert!(
            gone >= pages * CHURN,
            "{}: only {gone} went",
            node.service.name
        );
        let distinct: BTreeSet<String> = shown.iter().cloned().collect();
        assert_eq!(distinct.len(), shown.len(), "{}", node.service.name);
        let stayed: BTreeSet<String> = before.intersection(&after).cloned().collect();
        let missed: Vec<&String> = stayed.difference(&distinct).collect();
        assert!(
            missed.is_empty(),
            "{}: missed {missed:?}",
            node.service.name
        );
    }
}

#[test]
fn a_kill_misses_nobody_who_stayed_and_hits_nobody_twice_while_sessions_come_and_go() {
    for node in SERVICES.iter().map(Restless::new) {
        let before = node.sessions();
        let workspace = node.workspace("resource", &node.service.select(MOST));

        workspace.apply().succeeded();

        // Of the group's sessions only those are left that came after the kill had begun.
        let left = node.sessions_of_the_group();
        let missed: Vec<&String> = left.intersection(&before).collect();
        assert!(
            missed.is_empty(),
            "{}: missed {missed:?}",
            node.service.name
        );

        // Everyone who was chosen is accounted for once.
        let address = node.service.killing();
        let state = workspace.resource(&address).expect("the kill is in state");
        let shown: Vec<String> = sessions_of(&state)
            .iter()
            .map(|one| as_text(&one["id"]))
            .collect();
        let distinct: BTreeSet<&String> = shown.iter().collect();
        assert_eq!(distinct.len(), shown.len(), "{}", node.service.name);
        // State shows those that were not killed first: some had left by themselves when they were sent.
        let outcomes = state.outcomes();
        let not_found = outcomes.get("not_found").copied().unwrap_or_default();
        let killed = state.values["killed_count"].as_u64().expect("a number");
        let chosen = killed + not_found as u64;
        // Many, although some of the group had ended before the first list was read.
        assert!(chosen as usize > before.len() / 4, "{chosen}");
        assert_eq!(
            shown.len() as u64,
            chosen.min(1_000),
            "{}",
            node.service.name
        );
        assert_eq!(
            outcomes.get("killed").copied().unwrap_or_default() + not_found,
            shown.len(),
            "{}: {outcomes:?}",
            node.service.name
        );
        assert_eq!(state.values["remaining_count"], 0, "{}", node.service.name);

        // Nobody was ordered to die twice, and nobody but those who were chosen.
        let kills = &node.sandbox.nodes()[0].kills;
        assert!(kills.values().all(|orders| *orders == 1), "{kills:?}");
        assert!(kills.len() as u64 <= chosen);
    }
}
