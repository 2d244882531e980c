#![allow(clippy::unwrap_used, clippy::expect_used)]

use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-24 18:00:00.5 UTC);

fn backend() -> Backend {
    Backend {
        pid: 429_374,
        user: Some("app".to_owned()),
        database: Some("shop".to_owned()),
        application: Some("web".to_owned()),
        client_address: Some("10.0.0.7".to_owned()),
        client_port: Some(51_234),
        backend_start: Some(datetime!(2026-11-24 17:00:00.000207 UTC)),
        xact_start: Some(datetime!(2026-11-24 17:59:00 UTC)),
        query_start: Some(datetime!(2026-11-24 17:59:30 UTC)),
        state_change: Some(datetime!(2026-11-24 17:59:31 UTC)),
        state: Some("idle in transaction".to_owned()),
        wait_event_type: Some("Client".to_owned()),
        wait_event: Some("ClientRead".to_owned()),
        backend_type: Some("client backend".to_owned()),
        query: Some("select 1".to_owned()),
        blocked_by: Vec::new(),
    }
}

fn internal() -> Backend {
    Backend {
        user: None,
        database: None,
        application: None,
        client_address: None,
        client_port: None,
        xact_start: None,
        state_change: None,
        state: None,
        backend_type: Some("walwriter".to_owned()),
        query: Some(String::new()),
        ..backend()
    }
}

fn only(shape: RowShape, row: Backend) -> Value {
    let page = Rows {
        rows: vec![row],
        total: 7,
    };
    answer(shape, page, NOW)
}

#[test]
fn the_sdk_reads_texts_alone() {
    assert_eq!(
        only(RowShape::Sdk, backend()),
        json!({"total": 7, "process_info_list": [{
            "id": "429374", "user": "app", "host": "10.0.0.7:51234", "db": "shop", "command": "SELECT", "time": "29",
            "state": "idle in transaction", "info": "select 1", "trx_duration": "60",
        }]})
    );
    assert_eq!(
        only(RowShape::Sdk, internal())["process_info_list"][0],
        json!({
            "id": "429374", "user": "", "host": "", "db": "", "command": "", "time": "0", "state": "", "info": "",
            "trx_duration": "0",
        })
    );
    let local = Backend {
        client_address: None,
        client_port: Some(SOCKET_PORT),
        ..backend()
    };
    assert_eq!(
        only(RowShape::Sdk, local)["process_info_list"][0]["host"],
        ""
    );
}

#[test]
fn the_documents_show_neither_user_nor_database() {
    assert_eq!(
        only(RowShape::Docs, backend()),
        json!({"data": [{
            "pid": 429_374, "applicationName": "web", "client": "10.0.0.7",
            "backendStart": "2026-11-24 17:00:00:000207", "queryStart": "2026-11-24 17:59:30:000000",
            "stateChange": "2026-11-24 17:59:31:000000", "state": "idle in transaction", "query": "select 1",
            "waitEvent": "ClientRead", "waitEventType": "Client", "backEndType": "client backend",
        }]})
    );
}

#[test]
fn everything_that_a_query_asks_for_has_to_match() {
    let cases = [
        ("", true, false),
        ("hide_sys=true", true, false),
        ("hide_sys=false", true, true),
        ("user=app&db=shop&host=10.0.0.7&command=SELECT", true, false),
        ("user=app&db=billing", false, false),
        ("state=idle+in+transaction&keywords=ect", true, false),
        ("state=idle", false, false),
        ("keywords=delete", false, false),
        ("hide_sys=false&user=app", true, false),
    ];
    for (query, has_backend, has_internal) in cases {
        let query = Query::parse(Some(query));
        let filter = Filter::read(&query).unwrap();
        assert_eq!(
            (filter.has(&backend()), filter.has(&internal())),
            (has_backend, has_internal),
            "{query:?}"
        );
        assert!(!filter.is_empty() || has_backend && !has_internal);
    }
    assert!(Filter::read(&Query::parse(Some("hide_sys=1"))).is_err());
}
