#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

#[test]
fn an_epoch_is_in_seconds_or_milliseconds() {
    #[derive(Deserialize)]
    struct Stamp {
        #[serde(default, deserialize_with = "epoch")]
        at: Option<time::OffsetDateTime>,
    }
    for (json, seconds) in [
        (r#"{"at": 1764063209}"#, Some(1_764_063_209)),
        (r#"{"at": 1764063209226}"#, Some(1_764_063_209)),
        (r#"{"at": "1764063209"}"#, Some(1_764_063_209)),
        (r#"{"at": 100000000000}"#, Some(100_000_000_000)),
        (r#"{"at": 100000000001}"#, Some(100_000_000)),
        (r#"{"at": 0}"#, None),
        (r#"{"at": -1}"#, None),
        (r#"{"at": 9223372036854775807}"#, None),
        (r#"{"at": ""}"#, None),
        (r#"{"at": "2025-11-25 09:33:29"}"#, None),
        (r#"{"at": null}"#, None),
        ("{}", None),
    ] {
        let stamp: Stamp = serde_json::from_str(json).unwrap();
        let told = stamp.at.map(time::OffsetDateTime::unix_timestamp);
        assert_eq!(told, seconds, "{json}");
    }
}

#[test]
fn whole_numbers_survive_exactly_in_every_spelling() {
    for (json, value) in [
        ("9007199254740993", 9_007_199_254_740_993),
        ("\"9223372036854775807\"", i64::MAX),
        ("0", 0),
    ] {
        assert_eq!(
            serde_json::from_str::<Integer>(json).unwrap(),
            Integer(value)
        );
    }
    for json in ["1.5", "\"x\"", "9223372036854775808", "null", "[]"] {
        assert!(serde_json::from_str::<Integer>(json).is_err(), "{json}");
    }
}

#[test]
fn a_whole_number_may_be_written_as_a_text_or_with_a_fraction_of_zero() {
    #[derive(Deserialize)]
    struct Body {
        #[serde(deserialize_with = "integer")]
        number: Option<i64>,
    }
    for (json, number) in [
        ("12", Some(12)),
        ("\"12\"", Some(12)),
        ("\" 12 \"", Some(12)),
        ("12.0", Some(12)),
        ("-1.2e1", Some(-12)),
        ("null", None),
        ("\"\"", None),
        ("12.5", None),
        ("true", None),
        // A number with a fraction is read as a float, which would have lost the last digit of these.
        ("9007199254740992.0", None),
        ("9007199254740993.0", None),
        ("1e300", None),
    ] {
        let body: Body = serde_json::from_str(&format!("{{\"number\": {json}}}")).unwrap();
        assert_eq!(body.number, number, "{json}");
        let strict = serde_json::from_str::<Integer>(json).ok();
        assert_eq!(strict.map(|integer| integer.0), number, "{json}");
    }
}

#[test]
fn nulls_in_lists_are_dropped() {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default, deserialize_with = "list")]
        ids: Option<Vec<Integer>>,
    }
    for (json, len) in [
        (r#"{"ids":[1,null,"2"]}"#, Some(2)),
        (r#"{"ids":[]}"#, Some(0)),
        (r#"{"ids":null}"#, None),
        ("{}", None),
    ] {
        let ids = serde_json::from_str::<Body>(json).unwrap().ids;
        assert_eq!(ids.map(|ids| ids.len()), len, "{json}");
    }
}

#[test]
fn characters_that_are_wrong_are_replaced_and_all_else_is_left_alone() {
    for (body, text) in [
        (
            &br#"{"a": "b", "c": [1, 2.5e3, null, "\u00e9\n\"\\"]}"#[..],
            r#"{"a": "b", "c": [1, 2.5e3, null, "\u00e9\n\"\\"]}"#,
        ),
        (b"\xef\xbb\xbf{}", "{}"),
        (br#"["\ud83d\ude00"]"#, r#"["\ud83d\ude00"]"#),
        (br#"["\ud83d x \ude00"]"#, r#"["\ufffd x \ufffd"]"#),
        (br#"["\ud800\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#),
        // The backslash is escaped: no surrogate.
        (br#"["\\ud800"]"#, r#"["\\ud800"]"#),
        (b"[\n\"a\tb\"\n]", "[\n\"a\\u0009b\"\n]"),
        (b"[\"\xc3\"]", "[\"\u{fffd}\"]"),
        (br#"["\u12"#, r#"["\u12"#),
        (b"[\"\\", "[\"\\"),
    ] {
        assert_eq!(repair(body), text);
    }
}

proptest! {
    #[test]
    fn json_is_left_alone_whatever_it_holds(text in any::<String>(), number in any::<i64>()) {
        let body = serde_json::json!({"text": text, "list": [number, text]}).to_string();
        prop_assert_eq!(repair(body.as_bytes()), body.as_str());
    }

    #[test]
    fn any_bytes_become_text_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        repair(&body);
    }
}
