#![allow(clippy::unwrap_used)]

use super::*;
use crate::provider::service::Scope;

const NOW: i64 = 1_764_063_300;

fn row(json: &str) -> Row<SessionRecord> {
    Row::Whole(serde_json::from_str(json).unwrap())
}

fn read(answers: Vec<Vec<Row<SessionRecord>>>) -> Listing {
    let scope = Scope {
        choosing: true,
        nodes: None,
        seen: &BTreeMap::new(),
        statements: true,
        blockers: true,
        questions: &Vec::new,
    };
    listing(
        answers,
        scope,
        OffsetDateTime::from_unix_timestamp(NOW).unwrap(),
    )
}

fn one(json: &str) -> Session {
    read(vec![vec![row(json)]]).sessions.remove(0)
}

/// So many rows, whose IDs begin at `first`.
fn many(first: usize, number: usize) -> Vec<Row<SessionRecord>> {
    let ids = first..first + number;
    ids.map(|id| row(&format!(r#"{{"session_id": "{id}", "user_name": "app"}}"#)))
        .collect()
}

fn blocks(listing: &Listing, id: i64) -> Option<bool> {
    let mut sessions = listing.sessions.iter();
    sessions
        .find(|session| session.id == SessionId::number(id))
        .unwrap()
        .blocks
}

#[test]
fn a_row_becomes_a_session() {
    let session = one(
        r#"{"session_id": "139960174921472", "user_name": "app", "database_name": "orders", "client_ip": "10.0.0.7",
            "client_port": "51234", "application_name": "orders-api", "state": "idle in transaction", "exec_time": "17",
            "back_end_start": 1764063000000, "transaction_start": 1764063200, "query_start": 1764063250,
            "transaction_time_cost": "9999", "query": "select 1"}"#,
    );
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let text = |text: &str| Some(text.to_owned());
    let expected = Session {
        user: text("app"),
        address: text("10.0.0.7:51234"),
        database: text("orders"),
        application: text("orders-api"),
        state: text("idle in transaction"),
        idle: seconds(17),
        age: seconds(300),
        began: text("1764063000000000000"),
        transaction: seconds(100),
        last_statement: text("select 1"),
        blocks: Some(false),
        ..Session::new(SessionId::number(139_960_174_921_472))
    };
    assert_eq!(session, expected);
}

#[test]
fn what_is_not_told_is_not_known() {
    let bare =
        one(r#"{"session_id": "5", "user_name": "app", "exec_time": "3", "client_port": -1}"#);
    assert_eq!(
        (bare.idle, bare.busy, bare.age, bare.transaction),
        (None, None, None, None)
    );
    assert_eq!((&bare.address, &bare.began), (&None, &None));

    // A stamp of the future, by this machine's clock, is no time.
    let early = one(
        r#"{"session_id": "5", "back_end_start": 1764064000, "transaction_start": 0, "state": "active"}"#,
    );
    assert_eq!(
        (early.age, early.transaction, early.busy),
        (None, None, None)
    );
    // Without a transaction there is none that could be long.
    let idle = one(r#"{"session_id": "5", "state": "idle", "transaction_start": 1764063000}"#);
    assert_eq!(idle.transaction, None);
}

#[test]
fn nobody_is_in_a_state_for_longer_than_since_the_last_statement_began() {
    let busy = |exec_time: &str| {
        one(&format!(
            r#"{{"session_id": "5", "state": "active", "exec_time": {exec_time:?}, "query_start": 1764063290}}"#
        ))
        .busy
    };
    assert_eq!(busy("3"), Some(Duration::from_secs(3)));
    assert_eq!(busy("4000"), Some(Duration::from_secs(10)));
    assert_eq!(busy(""), None);
}

#[test]
fn sessions_of_the_server_itself_are_protected() {
    for (fields, expected) in [
        (
            r#""user_name": "app", "client_ip": "10.0.0.7""#,
            Protection::None,
        ),
        (r#""user_name": "app""#, Protection::UnlessUserIsNamed),
        (
            r#""user_name": "omm", "client_ip": "10.0.0.7""#,
            Protection::UnlessUserIsNamed,
        ),
        (
            r#""user_name": "RdsAdmin", "client_ip": "10.0.0.7""#,
            Protection::UnlessUserIsNamed,
        ),
        (r#""client_ip": "10.0.0.7""#, Protection::UnlessUserIsNamed),
    ] {
        let session = one(&format!(r#"{{"session_id": "5", {fields}}}"#));
        assert_eq!(session.protection, expected, "{fields}");
    }
}

#[test]
fn those_whom_others_wait_for_block_and_those_who_wait_do_not() {
    let listing = read(vec![vec![
        row(r#"{"session_id": "1"}"#),
        row(r#"{"session_id": "2", "block_session": "1"}"#),
        row(r#"{"session_id": "3", "block_session": "2"}"#),
        row(r#"{"session_id": "4", "block_session": ""}"#),
        row(r#"{"session_id": "5", "block_session": "0"}"#),
        Row::Odd {
            id: Some("6".to_owned()),
        },
    ]]);
    let who = [1, 2, 3, 4, 5, 6].map(|id| blocks(&listing, id));
    assert_eq!(
        who,
        [
            Some(true),
            Some(true),
            Some(false),
            Some(false),
            Some(false),
            None
        ]
    );
}

#[test]
fn a_full_list_may_be_cut_unless_questions_are_answered_in_full() {
    let cut = |answers| read(answers).cut_at;
    assert_eq!(cut(vec![many(1, 199)]), None);
    assert_eq!(cut(vec![many(1, 200)]), Some(200));
    assert_eq!(cut(vec![many(1, 200), many(150, 100), many(300, 5)]), None);
    assert_eq!(
        cut(vec![many(1, 200), many(150, 100), many(300, 200)]),
        Some(200)
    );

    let listing = read(vec![
        many(1, 200),
        vec![
            row(r#"{"session_id": "200", "block_session": "7"}"#),
            row(r#"{"session_id": "201"}"#),
        ],
    ]);
    assert_eq!(listing.sessions.len(), 201);
    assert_eq!(blocks(&listing, 7), Some(true));
    // Whoever waits for it may not be listed.
    assert_eq!(blocks(&listing, 8), None);
}

#[test]
fn an_address_has_its_port_where_there_is_one() {
    for (ip, port, expected) in [
        ("10.0.0.7", Some(51_234), "10.0.0.7:51234"),
        ("2001:db8::7", Some(51_234), "[2001:db8::7]:51234"),
        ("10.0.0.7", Some(-1), "10.0.0.7"),
        ("10.0.0.7", None, "10.0.0.7"),
    ] {
        assert_eq!(with_port(ip.to_owned(), port), expected);
    }
}
