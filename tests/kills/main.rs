//! What the provider decides and says when it kills: by which list, whom, how often, and what it knows afterwards. Each
//! test runs the resource itself against a cloud that behaves as the documents say, or as badly as a test wants.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod blockers;
mod cloud;
mod dds;
mod htap;
mod ids_that_come_back;
mod lists;
mod lost_answers;
mod odd_answers;
mod records;
mod waiting;

use serde_json::{Value as Json, json};
use terraform_provider_hwc::provider::record::Record;
use terraform_provider_hwc::provider::services;
use terraform_provider_hwc::provider::session_kill::SessionKill;
use terraform_provider_hwc::provider::sessions::Sessions;
use tf_provider::value::ValueEmpty;
use tf_provider::{DataSource, Diagnostics, Resource};

pub use self::cloud::Cloud;

/// A data node.
pub const NODE: &str = "8f7ee181-88e2-49b7-a4bf-81f18f93a135";

/// What a kill left.
#[derive(Debug)]
pub struct Ending {
    /// `None`: nothing was stored in state.
    pub state: Option<Json>,
    /// Summary and detail of each error.
    pub errors: Vec<(String, String)>,
    /// The same of each warning.
    pub warnings: Vec<(String, String)>,
}

impl Ending {
    fn of(state: Option<Json>, diags: Diagnostics) -> Self {
        let texts = |list: Vec<tf_provider::Diagnostic>| {
            let texts = list.into_iter();
            texts
                .map(|diag| (diag.summary.to_string(), diag.detail.to_string()))
                .collect()
        };
        Self {
            state,
            errors: texts(diags.errors),
            warnings: texts(diags.warnings),
        }
    }

    /// State, of a kill that left one without an error.
    #[track_caller]
    pub fn succeeded(&self) -> &Json {
        assert!(self.errors.is_empty(), "{:#?}", self.errors);
        self.state.as_ref().expect("it is in state")
    }

    /// The sessions of which the state says this, by their thread IDs or, where they are killed by address, by those. `None`:
    /// nobody looked.
    #[track_caller]
    pub fn sessions(&self, outcome: &str) -> Option<Vec<Json>> {
        let state = self.state.as_ref().expect("it is in state");
        let sessions = state["sessions"].as_array()?.iter();
        let with_outcome = sessions.filter(|session| session["outcome"] == outcome);
        let name = |session: &Json| -> Option<Json> {
            Some(match state.get("processes_killed") {
                Some(_) => json!(session["id"].as_str()?.parse::<i64>().ok()?),
                None if state.get("kill_all_nodes").is_some() => session["address"].clone(),
                None => session["id"].clone(),
            })
        };
        with_outcome.map(name).collect()
    }

    /// The same of a kill that left a state without an error.
    #[track_caller]
    pub fn succeeded_with(&self, outcome: &str) -> Json {
        self.succeeded();
        json!(self.sessions(outcome))
    }

    /// Nothing is in state, and the error contains this.
    #[track_caller]
    pub fn refused(&self, words: &str) {
        assert!(self.state.is_none(), "{self:#?}");
        self.says(&self.errors, words);
    }

    /// A warning contains this.
    #[track_caller]
    pub fn warns(&self, words: &str) {
        self.says(&self.warnings, words);
    }

    /// One of these contains this.
    #[track_caller]
    pub fn says(&self, diags: &[(String, String)], words: &str) {
        let found = diags
            .iter()
            .any(|(summary, detail)| summary.contains(words) || detail.contains(words));
        assert!(found, "{words:?} is not in {self:#?}");
    }
}

/// Kills sessions of DCS with these arguments.
pub async fn kill_dcs(cloud: &Cloud, arguments: Json) -> Ending {
    let place = json!({
        "region": "cn-north-4",
        "instance_id": "5560df16-cebf-4473-95c4-d1b573c16e79",
        "kill_all_nodes": false,
        "fail_on_not_found": false,
        "wait_for_completion": true,
    });
    kill("dcs", cloud, place, arguments).await
}

/// Kills session threads of TaurusDB with these arguments.
pub async fn kill_taurusdb(cloud: &Cloud, arguments: Json) -> Ending {
    let place = json!({
        "region": "cn-north-4",
        "instance_id": "a23fb62bd61e4e9e9636fd2225f395bein07",
        "node_id": "18663926eacb443d98dc20f8620f28f2no07",
        "fail_on_not_found": false,
    });
    kill("taurusdb", cloud, place, arguments).await
}

/// Kills sessions of RDS for PostgreSQL with these arguments.
pub async fn kill_postgresql(cloud: &Cloud, arguments: Json) -> Ending {
    let place = json!({
        "region": "cn-north-4",
        "instance_id": "a23fb62bd61e4e9e9636fd2225f395bein03",
        "fail_on_not_found": false,
    });
    kill("rds_postgresql", cloud, place, arguments).await
}

/// Kills sessions of GaussDB with these arguments.
pub async fn kill_gaussdb(cloud: &Cloud, arguments: Json) -> Ending {
    let place = json!({
        "region": "cn-north-4",
        "instance_id": "a23fb62bd61e4e9e9636fd2225f395bein14",
        "node_id": "18663926eacb443d98dc20f8620f28f2no14",
        "component_id": "cn_5001",
        "fail_on_not_found": false,
    });
    kill("gaussdb", cloud, place, arguments).await
}

/// Kills sessions of GeminiDB Redis with these arguments.
pub async fn kill_geminidb(cloud: &Cloud, arguments: Json) -> Ending {
    let place = json!({
        "region": "cn-north-4",
        "node_id": "784b3fb7bac14bc490659950dd4f022fno12",
        "fail_on_not_found": false,
    });
    kill("geminidb_redis", cloud, place, arguments).await
}

/// The DDM instance.
pub const DDM: &str = "1f4a7d0b3c6e48529d2f5a8c0e3b6d71in09";

/// Kills logical sessions of DDM with these arguments.
pub async fn kill_ddm(cloud: &Cloud, arguments: Json) -> Ending {
    let place = json!({
        "region": "cn-north-4",
        "instance_id": DDM,
        "fail_on_not_found": false,
    });
    kill("ddm_logical", cloud, place, arguments).await
}

/// Kills operations of DDS with these arguments.
pub async fn kill_dds(cloud: &Cloud, arguments: Json) -> Ending {
    let place = json!({
        "region": "cn-north-4",
        "node_id": "520c58ba00a3497e97ce0b9604874dd6no02",
        "fail_on_not_found": false,
    });
    kill("dds", cloud, place, arguments).await
}

/// Kills sessions of a service.
async fn kill(service: &str, cloud: &Cloud, mut planned: Json, arguments: Json) -> Ending {
    merge(&mut planned, arguments);
    let mut diags = Diagnostics::default();
    let arguments = || serde_json::from_value::<Record>(planned.clone()).unwrap();
    let service = services::named(service).unwrap();
    let state = SessionKill::new(cloud.provider.clone(), service)
        .create(
            &mut diags,
            arguments(),
            arguments(),
            ValueEmpty::Null,
            ValueEmpty::Null,
        )
        .await
        .map(|(state, _)| serde_json::to_value(state).unwrap());
    Ending::of(state, diags)
}

/// What the data source of a service reads.
pub async fn read(service: &str, cloud: &Cloud, config: Json) -> Json {
    let mut diags = Diagnostics::default();
    let service = services::named(service).unwrap();
    let state = Sessions::new(cloud.provider.clone(), service)
        .read(
            &mut diags,
            serde_json::from_value(config).unwrap(),
            ValueEmpty::Null,
        )
        .await;
    serde_json::to_value(state.unwrap()).unwrap()
}

fn merge(planned: &mut Json, arguments: Json) {
    for (name, value) in arguments.as_object().unwrap() {
        planned[name] = value.clone();
    }
}

/// A client of DCS that connected at `born`, in seconds.
pub fn client(id: u64, address: &str, name: &str, born: i64) -> Json {
    json!({
        "id": id.to_string(), "addr": address, "peer": address, "name": name, "user": "default", "db": "0",
        "cmd": "get", "flags": "N", "idle": 1, "born": born,
    })
}

/// A thread of TaurusDB.
pub fn thread(id: i64, user: &str) -> Json {
    json!({
        "id": id, "user": user, "host": "10.0.0.1:4000", "db": "shop", "command": "Sleep", "time": 60, "state": "",
        "info": null,
    })
}

/// A cloud with an instance of two active nodes, `node-1` and `node-2`, with a worker that is `age` seconds old at each.
pub async fn cloud_with_two_nodes(age: i64) -> Cloud {
    let cloud = Cloud::start().await;
    for number in 1..=2 {
        let node = format!("node-{number}");
        let mut world = cloud.world();
        world
            .nodes
            .push(json!({"node_id": node, "node_role": "redis-server", "status": "Active"}));
        let worker = client(7, &format!("10.0.0.{number}:5000"), "worker", -age);
        world.sessions.insert(node, vec![worker]);
    }
    cloud
}
