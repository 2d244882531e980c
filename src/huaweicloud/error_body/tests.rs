#![allow(clippy::unwrap_used)]

use super::*;

fn read(body: &[u8]) -> (Option<String>, Option<String>) {
    let ErrorBody { code, message, .. } = ErrorBody::read(body, false);
    (code, message)
}

#[test]
fn code_and_message_are_read_in_every_shape() {
    for (body, code, message) in [
        (
            r#"{"error_code": "DCS.4957", "error_msg": "busy", "error_ext_msg": null}"#,
            "DCS.4957",
            "busy",
        ),
        (
            r#"{"error": {"code": 401, "message": "no", "title": "Unauthorized"}}"#,
            "401",
            "no",
        ),
        (r#"{"errorCode": "X.1", "errorMsg": "no"}"#, "X.1", "no"),
        (
            r#"{"errCode": "X.1", "message": "m", "externalMessage": "no"}"#,
            "X.1",
            "no",
        ),
        (r#"{"errCode": "X.1", "message": "no"}"#, "X.1", "no"),
        (r#"{"code": "X.1", "message": "no"}"#, "X.1", "no"),
        (
            r#"{"status": 1, "a": {"b": {"errorCode": 7, "errorMsg": "deep"}}}"#,
            "7",
            "deep",
        ),
        (
            r#"{"error_code": 111400017, "error_msg": "runs"}"#,
            "111400017",
            "runs",
        ),
        (
            r#"{"error_code": null, "x": {"code": "X.1", "message": "no"}}"#,
            "X.1",
            "no",
        ),
        // What is in the body itself comes before what is within it.
        (
            r#"{"a": {"code": "IN", "message": "in"}, "code": "OUT", "message": "out"}"#,
            "OUT",
            "out",
        ),
    ] {
        assert_eq!(
            read(body.as_bytes()),
            (Some(code.to_owned()), Some(message.to_owned())),
            "{body}"
        );
    }
}

#[test]
fn what_is_nearly_json_still_yields_code_and_message() {
    let wanted = (Some("DCS.4957".to_owned()), Some("busy".to_owned()));
    for body in [
        "\u{feff}{\"error_code\": \"DCS.4957\", \"error_msg\": \"busy\"}",
        r#"{"error_code": "DCS.4957", "error_msg": "busy",}"#,
        r#"{"error_code": "DCS.4957", "error_msg": "busy"}}"#,
        r#"{"error_code": "DCS.4957", "error_msg": "busy", "request_id": "12"#,
        r#"{"error_code": "DCS.4957", "error_msg": "busy", "x": NaN}"#,
        r#"{"error_code": "DCS.4957", "error_msg": "busy", "x": "\ud800"}"#,
    ] {
        assert_eq!(read(body.as_bytes()), wanted, "{body}");
    }
    for (body, message) in [
        (
            &br#"{"error_code": "DCS.4957", "error_msg": "a \ud800 b"}"#[..],
            "a \u{fffd} b",
        ),
        (
            br#"{"error_code": "DCS.4957", "error_msg": "a \udc00\ud83d\ude00"}"#,
            "a \u{fffd}\u{1f600}",
        ),
        (
            b"{\"error_code\": \"DCS.4957\", \"error_msg\": \"a\nb\"}",
            "a b",
        ),
        (
            b"{\"error_code\": \"DCS.4957\", \"error_msg\": \"a \xff b\"}",
            "a \u{fffd} b",
        ),
        (
            br#"{"error_code": "DCS.4957", "error_msg": "\u001b[2Jgone"}"#,
            "\u{fffd}[2Jgone",
        ),
    ] {
        let wanted = (Some("DCS.4957".to_owned()), Some(message.to_owned()));
        assert_eq!(read(body), wanted, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_body_in_no_known_shape_is_its_first_line() {
    for (body, message) in [
        (
            "upstream connect error\nmore",
            Some("upstream connect error"),
        ),
        ("\u{1b}]0;title\u{7}x", Some("\u{fffd}]0;title\u{fffd}x")),
        ("", None),
        ("\n \n", None),
        ("[]", Some("[]")),
    ] {
        let wanted = (None, message.map(ToOwned::to_owned));
        assert_eq!(read(body.as_bytes()), wanted, "{body:?}");
    }
    let page = ErrorBody::read(b"<html><body>no</body></html>", true);
    assert_eq!(page, ErrorBody::default());
}

#[test]
fn long_messages_are_cut_and_an_encoded_one_is_kept_whole_or_not_at_all() {
    let body = serde_json::json!({"error_code": "X".repeat(99), "error_msg": "y".repeat(100_000)});
    let read = ErrorBody::read(body.to_string().as_bytes(), false);
    assert_eq!(read.code.unwrap().chars().count(), LONGEST_CODE + 1);
    assert_eq!(read.message.unwrap().chars().count(), LONGEST_MESSAGE + 1);

    for (length, kept) in [(LONGEST_ENCODED, true), (LONGEST_ENCODED + 1, false)] {
        let encoded = "z".repeat(length);
        let body = serde_json::json!({
            "error_code": "PAP5.0001",
            "error_msg": "access denied",
            "encoded_authorization_message": encoded,
        });
        let read = ErrorBody::read(body.to_string().as_bytes(), false);
        let ext_message = read.ext_message.unwrap_or_default();
        assert_eq!(ext_message.ends_with(&encoded), kept, "{length}");
        assert_eq!(ext_message.is_empty(), !kept, "{length}");
    }
}
