#![allow(clippy::unwrap_used)]

use super::*;
use time::macros::datetime;

#[test]
fn the_published_vector_is_reproduced() {
    let query = [
        ("limit".to_owned(), "2".to_owned()),
        (
            "marker".to_owned(),
            "13551d6b-755d-4757-b956-536f674975c0".to_owned(),
        ),
    ];
    let headers = [("Content-Type".to_owned(), "application/json".to_owned())];
    let request = SignRequest {
        method: "GET",
        host: "service.region.example.com",
        path: "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs",
        query: &query,
        headers: &headers,
        body: b"",
    };

    let signed = Algorithm::HmacSha256.sign(
        &request,
        "QTWAOYTTINDUT2QVKYUC",
        "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc",
        datetime!(2019-11-15 03:36:55 UTC),
    );

    assert_eq!(signed.date, "20191115T033655Z");
    assert_eq!(
        signed.canonical_request_hash,
        "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a"
    );
    assert_eq!(
        signed.authorization,
        "SDK-HMAC-SHA256 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date, \
         Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"
    );
}

#[test]
fn adding_one_carries_and_wraps() {
    for (number, next) in [([0, 0], [0, 1]), ([0, 255], [1, 0]), ([255, 255], [0, 0])] {
        let mut bytes = number;
        add_one(&mut bytes);
        assert_eq!(bytes, next);
    }
}

#[test]
fn a_time_in_another_zone_is_signed_in_utc() {
    assert_eq!(
        sdk_date(datetime!(2026-01-01 01:30:00 +8)),
        "20251231T173000Z"
    );
}

#[test]
fn the_query_is_sorted_by_name_then_value_and_encoded() {
    let query: Vec<_> = [("b", "2"), ("a b", "é"), ("b", "10"), ("a", "")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .to_vec();
    assert_eq!(encode_query(&query), "a=&a%20b=%C3%A9&b=10&b=2");
}
