#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn only_a_word_means_everybody() {
    let read = |body: &str| {
        let body = serde_json::from_str(body).map_err(|reason| reason.to_string())?;
        Wanted::read(body)
    };
    assert_eq!(read(r#"{"is_all": true}"#), Ok(Wanted::All));
    assert_eq!(
        read(r#"{"is_all": false, "session_ids": ["7", "8", "7", "x"]}"#),
        Ok(Wanted::These(BTreeSet::from([7, 8])))
    );
    for bad in [
        "{}",
        r#"{"is_all": false}"#,
        r#"{"is_all": false, "session_ids": []}"#,
        r#"{"is_all": false, "session_ids": [""]}"#,
        r#"{"is_all": false, "session_ids": [7]}"#,
        r#"{"session_ids": ["7"]}"#,
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_row_has_texts_alone_and_no_user() {
    let row = row(Connection {
        id: 7,
        user: "app".to_owned(),
        ..Connection::default()
    });
    let fields = row.as_object().unwrap();
    assert!(fields.values().all(Value::is_string), "{row}");
    assert!(!fields.contains_key("user"), "{row}");
}
