#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn read(body: &str) -> Result<Chosen, String> {
    let body = serde_json::from_str(body).map_err(|reason| format!("{reason}"))?;
    Chosen::read(body)
}

fn thread(id: i64, user: &str, db: Option<&str>) -> Thread {
    Thread {
        id,
        user: user.to_owned(),
        host: String::new(),
        db: db.map(str::to_owned),
        command: String::new(),
        time: 7,
        state: None,
        info: None,
        transaction: None,
    }
}

#[test]
fn all_that_a_kill_says_has_to_match() {
    let (app, other) = (thread(1, "app", Some("shop")), thread(2, "app", None));
    let cases = [
        (r#"{"process_ids": ["1"]}"#, true, false),
        (r#"{"user": "app"}"#, true, true),
        (r#"{"database": "shop", "process_ids": []}"#, true, false),
        (
            r#"{"process_ids": ["1", "2"], "database": "shop"}"#,
            true,
            false,
        ),
        (
            r#"{"process_ids": ["2"], "database": "shop"}"#,
            false,
            false,
        ),
        (r#"{"process_ids": ["1"], "user": "report"}"#, false, false),
    ];
    for (body, has_app, has_other) in cases {
        let chosen = read(body).unwrap();
        assert_eq!(
            (chosen.has(&app), chosen.has(&other)),
            (has_app, has_other),
            "{body}"
        );
    }
}

#[test]
fn accounts_of_the_cloud_are_never_chosen() {
    for user in ["rdsAdmin", "rdsadmin", "rdsBackup", "rdsMetric", "rdsRepl"] {
        let protected = thread(1, user, Some("shop"));
        assert!(!read(r#"{"process_ids": ["1"]}"#).unwrap().has(&protected));
        assert!(
            !read(&format!(r#"{{"user": "{user}"}}"#))
                .unwrap()
                .has(&protected)
        );
    }
}

#[test]
fn a_kill_that_names_nobody_is_refused() {
    let bad = [
        "{}",
        r#"{"process_ids": []}"#,
        r#"{"process_ids": [], "user": "", "database": ""}"#,
        r#"{"process_ids": [1]}"#,
        r#"{"process_ids": ["-1"]}"#,
        r#"{"process_ids": ["1.5"]}"#,
        r#"{"process_ids": [""]}"#,
        r#"{"process_ids": ["9223372036854775808"]}"#,
    ];
    for body in bad {
        assert!(read(body).is_err(), "{body}");
    }
}

#[test]
fn a_row_has_texts_alone_and_always_a_database_and_a_time() {
    let row = row(thread(9_007_199_254_740_993, "app", None));
    assert!(row.as_object().unwrap().values().all(Value::is_string));
    assert_eq!(row["id"], "9007199254740993");
    assert_eq!(
        (&row["database"], &row["trx_executed_time"]),
        (&json!("--"), &json!("0"))
    );
}

#[test]
fn each_instance_has_an_account_of_its_own_that_stays_the_same() {
    assert_eq!(account_id("a"), account_id("a"));
    assert_ne!(account_id("a"), account_id("b"));
    assert_eq!(account_id("a").len(), 36);
}
