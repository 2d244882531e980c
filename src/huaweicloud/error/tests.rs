#![allow(clippy::unwrap_used)]

use super::*;
use crate::huaweicloud::{dcs, taurusdb};

fn answer(status: u16, code: &str, message: &str) -> ApiError {
    ApiError {
        api: match code.starts_with("DBS.") {
            true => &taurusdb::API,
            false => &dcs::API,
        },
        status,
        code: (!code.is_empty()).then(|| code.to_owned()),
        message: Some(message.to_owned()),
        ext_message: None,
        request_id: None,
        clock_offset: None,
        html: false,
    }
}

#[test]
fn what_passes_by_itself_is_busy_and_what_does_not_is_not() {
    for (status, code, busy) in [
        (400, "DCS.4957", true),
        (400, "DCS.4017", true),
        (400, "111400017", true),
        (400, "DCS.4104", true),
        (400, "DCS.4108", true),
        (400, "DCS.4300", true),
        (400, "DCS.4918", true),
        (400, "DCS.4121", true),
        (400, "DCS.4231", true),
        (400, "DCS.4975", true),
        // Stopped, or being frozen.
        (400, "DCS.4026", false),
        (400, "DCS.4049", false),
        (400, "DCS.4120", false),
        (400, "111400026", false),
        // Never.
        (400, "DCS.4848", false),
        (400, "DCS.4027", false),
        (400, "DCS.3053", false),
        (400, "1114000170", false),
        // The code says nothing of the kind where the status does not.
        (500, "DCS.4957", false),
        (409, "DBS.200011", true),
        (409, "DBS.200019", true),
        (409, "DBS.200047", true),
        (409, "DBS.201202", true),
        (409, "DBS.212006", true),
        (500, "DBS.200011", false),
        (409, "DBS.280406", false),
        (409, "DBS.200316", false),
        (409, "", false),
    ] {
        assert_eq!(
            answer(status, code, "").is_busy(),
            busy,
            "HTTP {status}, {code}"
        );
    }
}

#[test]
fn both_prefixes_are_the_gateways() {
    for (code, number) in [
        ("APIGW.0308", Some("0308")),
        ("APIG.0307", Some("0307")),
        ("DCS.4957", None),
        ("APIGWX.1", None),
    ] {
        let answer = answer(503, code, "");
        assert_eq!(answer.gateway_code(), number, "{code}");
        assert_eq!(answer.is_from_gateway(), number.is_some(), "{code}");
    }
}

#[test]
fn a_401_says_whether_a_new_credential_of_the_same_source_may_help() {
    let expired = |seconds| ApiError {
        clock_offset: Some(Duration::from_secs(seconds)),
        ..answer(401, "APIGW.0301", "verify aksk signature fail")
    };
    for (answer, clock, locked, is_expired, refused) in [
        (
            answer(401, "APIGW.0307", "The token must be updated."),
            false,
            false,
            false,
            true,
        ),
        (
            answer(401, "APIG.0307", "Token needs to be updated"),
            false,
            false,
            false,
            true,
        ),
        (
            answer(
                401,
                "APIGW.0301",
                "Incorrect IAM authentication information: securitytoken expires",
            ),
            false,
            false,
            true,
            true,
        ),
        (
            answer(
                401,
                "APIGW.0301",
                "Incorrect IAM authentication information: signature expired, signature time: 1, server time: 2",
            ),
            true,
            false,
            false,
            false,
        ),
        (
            answer(
                401,
                "APIGW.0301",
                "Incorrect IAM authentication information: AK access failed to reach the limit, forbidden",
            ),
            false,
            true,
            false,
            false,
        ),
        // Words of IAM about a user, not of the gateway about a key.
        (
            answer(
                401,
                "401",
                "The login limit of the user is reached: it is locked.",
            ),
            false,
            false,
            false,
            true,
        ),
        (expired(900), false, false, false, true),
        (expired(901), true, false, false, false),
        (
            answer(403, "APIGW.0302", "expired"),
            false,
            false,
            false,
            false,
        ),
    ] {
        assert_eq!(answer.blames_clock(), clock, "clock: {answer}");
        assert_eq!(answer.says_locked(), locked, "locked: {answer}");
        assert_eq!(answer.says_expired(), is_expired, "expired: {answer}");
        assert_eq!(answer.refuses_credential(), refused, "refused: {answer}");
    }
}

#[test]
fn text_of_a_server_controls_no_terminal_and_has_an_end() {
    for (text, shown) in [
        ("plain text", "plain text"),
        ("  two\r\nlines\n", "two lines"),
        ("\u{1b}[31mred\u{7}", "\u{fffd}[31mred\u{fffd}"),
        ("\u{9b}2J", "\u{fffd}2J"),
        ("abc\u{202e}def\u{2066}", "abc\u{fffd}def\u{fffd}"),
        ("实例忙", "实例忙"),
        ("0123456789abcdef", "0123456789abcdef"),
        ("0123456789abcdefg", "0123456789abcdef…"),
    ] {
        assert_eq!(printable(text, 16), shown, "{text:?}");
    }
}
