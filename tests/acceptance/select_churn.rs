//! Long lists that change while they are read: before every page some sessions end and as many others begin.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::engines;
use crate::support::sandbox::{
    DCS_INSTANCE, DCS_NODES, Sandbox, TAURUSDB_INSTANCE, TAURUSDB_NODES,
};
use crate::support::workspace::Workspace;

/// How many sessions end, and how many begin, before each page.
const CHURN: usize = 7;

const THREADS: usize = 5_000;
const CLIENTS: usize = 2_500;

/// Whom the kills choose; a third of the simulated sessions or more are his.
const SELECT: &str = "select {\n    users = [\"app\"]\n  }";

/// A node of either service, with sessions that come and go.
struct Restless {
    /// `taurusdb` or `dcs`.
    service: &'static str,
    sandbox: Sandbox,
    /// What both the resource and the data source need to know.
    place: String,
}

impl Restless {
    fn taurusdb() -> Self {
        let [node, _] = TAURUSDB_NODES;
        Self {
            service: "taurusdb",
            sandbox: Sandbox::builder()
                .simulated_taurusdb(TAURUSDB_INSTANCE, node, THREADS)
                .option("--churn", &CHURN.to_string())
                .start(),
            place: format!("instance_id = {TAURUSDB_INSTANCE:?}\n  node_id = {node:?}"),
        }
    }

    fn dcs() -> Self {
        let [node, _] = DCS_NODES;
        Self {
            service: "dcs",
            sandbox: Sandbox::builder()
                .simulated_dcs(DCS_INSTANCE, node, CLIENTS)
                .option("--churn", &CHURN.to_string())
                .start(),
            place: format!("instance_id = {DCS_INSTANCE:?}\n  node_id = {node:?}"),
        }
    }

    fn workspace(&self, block: &str, body: &str) -> Workspace {
        let (service, place) = (self.service, &self.place);
        let block = block.replace("SERVICE", service);
        let configuration = format!("{block} \"test\" {{\n  {place}\n  {body}\n}}\n");
        Workspace::new(engines::newest_terraform(), &self.sandbox, &configuration)
    }

    /// The ids of the sessions that live.
    fn sessions(&self) -> BTreeSet<String> {
        let nodes = self.sandbox.nodes();
        nodes[0].sessions.iter().map(id).collect()
    }

    /// The ids of the user's sessions, as a fresh list shows them.
    fn sessions_of_the_user(&self) -> BTreeSet<String> {
        let list = self.workspace("data \"hwc_SERVICE_sessions\"", SELECT);
        listed(&list, self.service).into_iter().collect()
    }
}

/// Ids of both services as texts.
fn id(value: &Value) -> String {
    match value {
        Value::String(id) => id.clone(),
        number => number.to_string(),
    }
}

/// The ids of the sessions of the data source, after an apply.
fn listed(workspace: &Workspace, service: &str) -> Vec<String> {
    workspace.apply().succeeded();
    let address = format!("data.hwc_{service}_sessions.test");
    let list = workspace.resource(&address).expect("the list is in state");
    let sessions = list.values["sessions"].as_array().expect("a list");
    sessions.iter().map(|session| id(&session["id"])).collect()
}

#[test]
fn a_list_shows_everyone_who_stayed_and_nobody_twice_while_sessions_come_and_go() {
    for node in [Restless::taurusdb(), Restless::dcs()] {
        let before = node.sessions();

        let shown = listed(
            &node.workspace("data \"hwc_SERVICE_sessions\"", ""),
            node.service,
        );

        let after = node.sessions();
        let gone = before.difference(&after).count();
        assert!(gone >= 2 * CHURN, "{}: only {gone} went", node.service);
        let distinct: BTreeSet<String> = shown.iter().cloned().collect();
        assert_eq!(distinct.len(), shown.len(), "{}", node.service);
        let stayed: BTreeSet<String> = before.intersection(&after).cloned().collect();
        let missed: Vec<&String> = stayed.difference(&distinct).collect();
        assert!(missed.is_empty(), "{}: missed {missed:?}", node.service);
    }
}

#[test]
fn a_kill_misses_nobody_who_stayed_and_hits_nobody_twice_while_sessions_come_and_go() {
    for node in [Restless::taurusdb(), Restless::dcs()] {
        let before = node.sessions();
        let workspace = node.workspace("resource \"hwc_SERVICE_session_kill\"", SELECT);

        workspace.apply().succeeded();

        // Of the user's sessions only those are left that came after the kill had begun.
        let left = node.sessions_of_the_user();
        let missed: Vec<&String> = left.intersection(&before).collect();
        assert!(missed.is_empty(), "{}: missed {missed:?}", node.service);

        // Everyone who was chosen is accounted for once.
        let address = format!("hwc_{}_session_kill.test", node.service);
        let state = workspace.resource(&address).expect("the kill is in state");
        let ids = |name: &str| -> Vec<String> {
            let list = state.values[name].as_array().expect("a list");
            list.iter().map(id).collect()
        };
        let matched = state.values["matched_count"].as_u64().expect("a number");
        assert!(matched as usize > before.len() / 3, "{matched}");
        // Those that had left by themselves when they were sent were not killed.
        assert!(state.values["killed_count"].as_u64() <= Some(matched));
        let shown = ids("matched");
        let distinct: BTreeSet<&String> = shown.iter().collect();
        assert_eq!(distinct.len(), shown.len(), "{}", node.service);
        assert_eq!(shown.len() as u64, matched.min(1_000), "{}", node.service);
        assert_eq!(ids("remaining"), [] as [&str; 0], "{}", node.service);

        // Nobody was ordered to die twice, and nobody but those who were chosen.
        let kills = &node.sandbox.nodes()[0].kills;
        assert!(kills.values().all(|orders| *orders == 1), "{kills:?}");
        assert!(kills.len() as u64 <= matched);
    }
}
