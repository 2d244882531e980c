//! What a user sees, and what stays in state, when a kill goes wrong.

use std::time::Duration;

use serde_json::{Value, json};

use crate::configuration::{DCS_KILL, TAURUSDB_KILL, dcs_kill_of_first_node, taurusdb_kill};
use crate::support::engines;
use crate::support::eventually;
use crate::support::groups::MOST;
use crate::support::mariadb;
use crate::support::redis;
use crate::support::sandbox::{ACCESS_KEY, DCS_INSTANCE, PROJECT_ID, REGION, SECRET_KEY, Sandbox};
use crate::support::services::{self, SERVICES, Service};
use crate::support::workspace::{Workspace, provider_block};

#[test]
fn a_failed_job_says_why_and_leaves_its_id_in_a_tainted_resource() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    sandbox.fail_jobs("the node is in failover");
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node(""),
    );

    let run = workspace
        .apply()
        .failed()
        .saying(&["the node is in failover"]);

    let resource = workspace.resource(DCS_KILL).expect("the kill is in state");
    assert!(resource.tainted);
    let job = resource.values["job_id"]
        .as_str()
        .expect("the job id is in state");
    run.saying(&[job]);
    assert_eq!(resource.values["job_status"], "FAIL");
    // The next apply tries again.
    workspace.plan().planned_changes();
}

#[test]
fn a_job_that_takes_too_long_leaves_its_id_in_a_tainted_resource() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    sandbox.never_finish_jobs();
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node("timeouts {\n    create = \"2s\"\n  }"),
    );

    let run = workspace.apply().failed();

    let resource = workspace.resource(DCS_KILL).expect("the kill is in state");
    assert!(resource.tainted);
    run.saying(&[resource.values["job_id"]
        .as_str()
        .expect("the job id is in state")]);
    assert_ne!(resource.values["job_status"], "SUCCESS");
}

#[test]
fn a_dcs_kill_with_an_unreadable_answer_is_settled_by_looking() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let mut clients = nodes[0].open_clients(3);
    sandbox.break_calls(json!({
        "path_contains": "/clients/kill-all",
        "apply": true,
        "status": 200,
        "body": "<html>a proxy was here</html>",
    }));
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node(""),
    );

    workspace.apply().succeeded().saying(&[
        "Warning:",
        "The answer could not be read, but the sessions are gone",
    ]);

    let calls = sandbox.calls_to("/clients/kill-all");
    assert_eq!(calls.len(), 1, "a kill is never sent twice");
    let resource = workspace.resource(DCS_KILL).expect("the kill is in state");
    assert!(!resource.tainted);
    assert_eq!(resource.values["job_id"], Value::Null);
    assert_eq!(resource.values["job_status"], Value::Null);
    assert_eq!(resource.values["request_id"], calls[0].request_id.as_str());
    eventually("the sessions die", || match clients.alive() {
        0 => Ok(()),
        alive => Err(format!("{alive} live")),
    });
    workspace.plan().succeeded();
}

#[test]
fn a_job_id_without_quotes_as_in_the_api_documents_sample_is_understood() {
    const JOB: &str = "8abf6e1e824dfcb201824e02ee9a0015";
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    sandbox.break_calls(json!([
        {
            "path_contains": "/clients/kill-all",
            "status": 200,
            "body": format!("{{\n    \"job_id\": {JOB}\n}}"),
        },
        {
            "path_contains": format!("/jobs/{JOB}"),
            "status": 200,
            "body": {
                "job_id": JOB,
                "job_type": "killAllClients",
                "status": "SUCCESS",
                "begin_time": "1763766000000",
                "end_time": "1763766001500",
            },
        },
    ]));
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node(""),
    );

    let printed = workspace.apply().succeeded().text();
    assert!(!printed.contains("could not be read"), "{printed}");

    let resource = workspace.resource(DCS_KILL).expect("the kill is in state");
    assert!(!resource.tainted);
    assert_eq!(resource.values["job_id"], JOB);
    assert_eq!(resource.values["job_status"], "SUCCESS");
    assert_eq!(resource.values["started_at"], "2025-11-21T23:00:00Z");
    assert_eq!(resource.values["finished_at"], "2025-11-21T23:00:01.5Z");
    workspace.plan().succeeded();
}

#[test]
fn an_accepted_taurusdb_kill_with_an_unreadable_answer_stays_in_state_with_a_warning() {
    for lists_can_be_read in [true, false] {
        let nodes = mariadb::nodes();
        let sandbox = Sandbox::with_taurusdb(nodes);
        let mut clients = nodes[0].open_clients(2);
        let mut rule = json!({
            "path_contains": "/processes",
            "apply": true,
            "status": 200,
            "body": "<html>a proxy was here</html>",
        });
        if lists_can_be_read {
            rule["method"] = json!("DELETE");
        }
        sandbox.break_calls(rule);
        let workspace = Workspace::new(
            engines::newest_terraform(),
            &sandbox,
            &taurusdb_kill(&clients.thread_ids(), ""),
        );

        workspace.apply().succeeded().saying(&["Warning:"]);

        assert!(clients.alive().is_empty());
        let resource = workspace
            .resource(TAURUSDB_KILL)
            .expect("the kill is in state");
        assert!(!resource.tainted);
        // Even where a list shows that they are gone: nobody had looked whether they were there.
        for unknown in ["processes_killed", "killed_count"] {
            assert_eq!(resource.values[unknown], Value::Null, "{unknown}");
        }
        if lists_can_be_read {
            assert_eq!(resource.outcomes(), [("unknown".to_owned(), 2)].into());
        } else {
            assert_eq!(resource.values["sessions"], Value::Null);
        }
        workspace.plan().succeeded();
    }
}

#[test]
fn a_wrong_secret_key_is_named_by_its_code_and_shown_nowhere() {
    const WRONG_KEY: &str = "wRoNgSeCrEtKeY-71aa-never-print-me-either";
    for (engine, service) in
        (engines::all().iter()).flat_map(|engine| SERVICES.iter().map(move |one| (engine, one)))
    {
        let case = format!("{engine}, {}", service.name);
        let sandbox = service.sandbox(12);
        let provider = provider_block(
            &sandbox,
            &format!(
                "region = {REGION:?}\n  access_key = {ACCESS_KEY:?}\n  secret_key = {WRONG_KEY:?}\n  project_id = {PROJECT_ID:?}"
            ),
        );
        let kill = service.kills_group(MOST, "");
        let workspace = Workspace::bare(engine, &format!("{provider}\n{kill}"))
            .with_variable("TF_LOG", "TRACE");

        let run = workspace.apply().failed().saying(&[
            "401",
            "APIGW.0301",
            "secret_key",
            "HW_SECRET_KEY",
        ]);

        // The engine logs no configuration, so whatever shows the key would be ours.
        assert_eq!(sandbox.nodes()[0].sessions.len(), 12, "{case}");
        assert!(
            workspace.resource(&service.killing()).is_none(),
            "{case}: nothing happened, so nothing is in state"
        );
        assert!(
            !run.text().contains(WRONG_KEY),
            "{case}: the key was printed"
        );
        std::fs::remove_file(workspace.path("main.tf"))
            .expect("the configuration, which has the key");
        assert!(
            !workspace.files().contains(WRONG_KEY),
            "{case}: the key is in a file"
        );
    }
}

#[test]
fn a_good_secret_key_is_shown_nowhere_either() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node(""),
    )
    .with_variable("TF_LOG", "TRACE");

    let run = workspace.apply().succeeded();

    assert!(!run.text().contains(SECRET_KEY), "the key was printed");
    std::fs::remove_file(workspace.path("main.tf")).expect("the configuration, which has the key");
    assert!(
        !workspace.files().contains(SECRET_KEY),
        "the key is in a file"
    );
}

#[test]
fn an_unknown_instance_is_reported_in_the_clouds_own_words() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node(""),
    );
    workspace.edit(DCS_INSTANCE, "00000000-0000-4000-8000-000000000000");

    let run = workspace
        .apply()
        .failed()
        .saying(&["404", "/clients/kill-all", "POST"]);

    // The request id is what support asks for.
    run.saying(&[&sandbox.calls_to("/clients/kill-all")[0].request_id]);
    assert!(workspace.resource(DCS_KILL).is_none());
}

#[test]
fn a_busy_instance_is_asked_again_until_it_is_free() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let mut clients = nodes[0].open_clients(3);
    sandbox.break_calls(json!({
        "path_contains": "/clients/kill-all",
        "times": 2,
        "status": 400,
        "body": {
            "error_code": "DCS.4957",
            "error_msg": "This operation is not allowed when the task is in the current state.",
        },
    }));
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node(""),
    );

    workspace.apply().succeeded();

    assert_eq!(clients.alive(), 0);
    let statuses: Vec<Option<u16>> = sandbox
        .calls_to("/clients/kill-all")
        .iter()
        .map(|call| call.status)
        .collect();
    assert_eq!(statuses, [Some(400), Some(400), Some(200)]);
}

#[test]
fn a_dcs_kill_whose_answer_is_lost_is_not_sent_again_but_looked_for() {
    for happened in [true, false] {
        // Given a gateway that drops the connection when the kill arrives, after it was carried out or before.
        let nodes = redis::nodes();
        let sandbox = Sandbox::with_dcs(&nodes);
        let _guests = nodes[0].open_clients(3);
        std::thread::sleep(Duration::from_secs(2));
        sandbox.break_calls(json!({
            "path_contains": "/clients/kill-all",
            "apply": happened,
            "close": true,
        }));
        let workspace = Workspace::new(
            engines::newest_terraform(),
            &sandbox,
            &dcs_kill_of_first_node("timeouts {\n    create = \"20s\"\n  }"),
        );

        let run = workspace.apply();

        // Then looking tells which of the two it was.
        if happened {
            run.succeeded()
                .saying(&["The answer was lost, but the sessions are gone"]);
        } else {
            run.failed()
                .saying(&["It is unknown whether", "connected before the request"]);
        }
        assert_eq!(sandbox.calls_to("/clients/kill-all").len(), 1);
        let kill = workspace.resource(DCS_KILL).expect("the kill is in state");
        assert_eq!(kill.tainted, !happened);
    }
}

#[test]
fn a_folder_for_temporary_files_with_a_vertical_bar_is_no_obstacle() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let folder = tempfile::Builder::new()
        .prefix("with|bar")
        .tempdir()
        .expect("a folder");
    for engine in engines::all() {
        let workspace = Workspace::new(engine, &sandbox, &dcs_kill_of_first_node(""))
            .with_variable("TMPDIR", folder.path().to_str().expect("a path"));

        workspace.apply().succeeded();
    }
}

#[test]
fn a_503_of_something_that_is_not_the_gateway_sends_no_second_kill() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    sandbox.break_calls(json!({
        "path_contains": "/clients/kill-all",
        "apply": true,
        "status": 503,
        "body": {"message": "no healthy upstream"},
    }));
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node(""),
    );

    workspace
        .apply()
        .succeeded()
        .saying(&["The answer was lost, but the sessions are gone"]);

    assert_eq!(sandbox.calls_to("/clients/kill-all").len(), 1);
    assert!(!workspace.resource(DCS_KILL).expect("in state").tainted);
}

#[test]
fn a_throttled_account_that_must_wait_too_long_is_told_so() {
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let mut clients = nodes[0].open_clients(3);
    sandbox.break_calls(json!({
        "path_contains": "/clients/kill-all",
        "status": 429,
        "body": {
            "error_code": "APIGW.0308",
            "error_msg": "The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 hour",
        },
    }));
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node(""),
    );

    workspace.apply().failed().saying(&[
        "No session was killed",
        "will not finish in time",
        "3600 seconds",
        "APIGW.0308",
    ]);

    assert_eq!(sandbox.calls_to("/clients/kill-all").len(), 1);
    assert_eq!(clients.alive(), 3);
    assert!(workspace.resource(DCS_KILL).is_none());
}

#[test]
fn a_kill_whose_connection_is_never_made_leaves_nothing_in_state() {
    // Given a host that accepts connections and never begins TLS, and less time than connecting may take.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = format!("https://{}", listener.local_addr().expect("its address"));
    let nodes = redis::nodes();
    let sandbox = Sandbox::with_dcs(&nodes);
    let workspace = Workspace::new(
        engines::newest_terraform(),
        &sandbox,
        &dcs_kill_of_first_node("timeouts {\n    create = \"4s\"\n  }"),
    );
    workspace.edit(sandbox.url(), &silent);

    // When the kill is applied, then it says that nobody was killed, and so does state.
    workspace
        .apply()
        .failed()
        .saying(&["No session was killed", "the connection could not be made"]);
    assert!(workspace.resource(DCS_KILL).is_none());
}

#[test]
fn a_list_that_is_refused_kills_nobody() {
    for service in SERVICES {
        let sandbox = service.sandbox(20);
        sandbox.break_calls(service.of_lists(json!({ "status": 403 })));
        let workspace = Workspace::new(
            engines::newest_terraform(),
            &sandbox,
            &service.kills_group(MOST, ""),
        );

        workspace.apply().failed().saying(&[
            "The sessions could not be listed, so none was killed",
            "403",
        ]);

        assert_eq!(service.kill_calls(&sandbox), 0, "{}", service.name);
        assert_eq!(sandbox.nodes()[0].sessions.len(), 20, "{}", service.name);
        assert!(workspace.resource(&service.killing()).is_none());
    }
}

#[test]
fn a_refused_kill_of_chosen_sessions_leaves_nothing_in_state() {
    for service in SERVICES {
        let sandbox = service.sandbox(20);
        sandbox.break_calls(service.of_kills(json!({
            "status": 429,
            "body": {
                "error_code": "APIGW.0308",
                "error_msg": "The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 hour",
            },
        })));
        let workspace = Workspace::new(
            engines::newest_terraform(),
            &sandbox,
            &service.kills_group(MOST, ""),
        );

        workspace.apply().failed().saying(&[
            "was killed, and nothing was stored in state",
            "will not finish in time",
            "3600 seconds",
            "APIGW.0308",
        ]);

        assert_eq!(service.kill_calls(&sandbox), 1, "{}", service.name);
        assert_eq!(sandbox.nodes()[0].sessions.len(), 20, "{}", service.name);
        assert!(workspace.resource(&service.killing()).is_none());
    }
}

#[test]
fn a_busy_instance_is_asked_again_to_kill_chosen_sessions_until_it_is_free() {
    for service in SERVICES {
        let Some(busy) = service.api.busy.first() else {
            continue;
        };
        let status = *busy.statuses.start();
        let sandbox = service.sandbox(20);
        sandbox.break_calls(service.of_kills(json!({
            "times": 2,
            "status": status,
            "body": { "error_code": busy.codes[0], "error_msg": "Another operation is running." },
        })));
        let configuration = service.kills_group(MOST, "");
        let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &configuration);

        workspace.apply().succeeded();

        let kill = workspace.resource(&service.killing()).expect("in state");
        let killed = kill.with_outcome("killed", "id").len();
        assert!(killed > 0, "{}", service.name);
        assert_eq!(kill.outcomes().len(), 1, "{}", service.name);
        let left = sandbox.nodes()[0].sessions.len();
        assert_eq!(left, 20 - killed, "{}", service.name);
        let (method, path) = service.kill;
        let statuses: Vec<Option<u16>> = (sandbox.calls_to(path).iter())
            .filter(|call| call.method == method)
            .map(|call| call.status)
            .collect();
        assert_eq!(
            statuses[..2],
            [Some(status), Some(status)],
            "{}",
            service.name
        );
        assert_eq!(statuses.len(), 3, "{}: {statuses:?}", service.name);
    }
}

#[test]
fn chosen_sessions_whose_answer_is_lost_are_looked_for() {
    // Where nothing happened, each of them looks until the time is up.
    let test = |service: &Service, happened: bool| {
        // Given a gateway that drops the connection of every kill, after it was carried out or before.
        let case = format!("{}, {happened}", service.name);
        let sandbox = service.sandbox(20);
        sandbox.break_calls(service.of_kills(json!({ "apply": happened, "close": true })));
        let configuration = service.kills_group(MOST, "timeouts {\n    create = \"20s\"\n  }");
        let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &configuration);

        let run = workspace.apply();

        // Then looking tells which of the two it was.
        let left = sandbox.nodes()[0].sessions.len();
        let kill = workspace.resource(&service.killing()).expect("in state");
        assert_eq!(kill.tainted, !happened, "{case}: {}", run.text());
        assert_eq!(kill.outcomes().len(), 1, "{case}");
        if happened {
            run.succeeded()
                .saying(&["nswer was lost, but the sessions are gone"]);
            assert!(left < 20, "{case}");
            assert_eq!(kill.values["killed_count"], 20 - left, "{case}");
            assert_eq!(kill.with_outcome("killed", "id").len(), 20 - left);
        } else {
            run.failed().saying(&["still listed"]);
            assert_eq!(left, 20, "{case}");
            assert_eq!(kill.values["killed_count"], 0, "{case}");
            assert!(!kill.with_outcome("remaining", "id").is_empty(), "{case}");
        }
        assert_eq!(service.kill_calls(&sandbox), 1, "{case}");
    };
    services::at_once(|service| {
        [true, false]
            .into_iter()
            .for_each(|happened| test(service, happened))
    });
}
