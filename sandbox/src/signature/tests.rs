#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

const SECRET_KEY: &str = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc";
const HEADER: &str = "SDK-HMAC-SHA256 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date, \
    Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe";
/// The same request as the official SDK signs it with the other algorithms.
const OTHER_HEADERS: [&str; 2] = [
    "SDK-HMAC-SM3 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date, \
        Signature=b723738bcc1660480381b0f61d37fba9034e8daab080f659fa3d2439f23b3086",
    "SDK-ECDSA-P256-SHA256 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date, \
        Signature=304402205b2e3ad5d815afab45443940730ed23c5d38da3b89c19bd5d905b47f1a375ee602200d02c1b192c84ae2485b\
        edfaf2683ab368f31a3aff6330a35372b6192e7a2256",
];
const PATH: &str = "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs";
const QUERY: &str = "limit=2&marker=13551d6b-755d-4757-b956-536f674975c0";

fn published_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    headers.insert("host", "service.region.example.com".parse().unwrap());
    headers.insert("x-sdk-date", "20191115T033655Z".parse().unwrap());
    headers
}

fn published(headers: &HeaderMap) -> SignedRequest<'_> {
    SignedRequest {
        method: &Method::GET,
        path: PATH,
        query: QUERY,
        headers,
        body: b"",
    }
}

#[test]
fn the_published_request_verifies() {
    let headers = published_headers();
    let request = published(&headers);
    let authorization = Authorization::parse(HEADER).unwrap();

    let canonical = authorization.canonical_request(&request).unwrap();
    assert_eq!(
        Algorithm::HmacSha256.hash_hex(canonical.as_bytes()),
        "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a"
    );
    assert!(authorization.verifies(SECRET_KEY, &request));
    assert_eq!(sdk_date(signed_at(&headers).unwrap()), "20191115T033655Z");
}

#[test]
fn the_other_algorithms_verify_what_the_official_sdk_signs_and_nothing_else() {
    let headers = published_headers();
    let request = published(&headers);
    for header in OTHER_HEADERS {
        let authorization = Authorization::parse(header).unwrap();
        assert!(authorization.verifies(SECRET_KEY, &request), "{header}");
        assert!(!authorization.verifies("another secret", &request));
        let other_body = SignedRequest {
            body: b"{}",
            ..request
        };
        assert!(!authorization.verifies(SECRET_KEY, &other_body));
    }
}

#[test]
fn the_order_and_the_encoding_on_the_wire_do_not_matter() {
    let headers = published_headers();
    let request = SignedRequest {
        path: "/v1/%37%37b6a44cba5143ab91d13ab9a8ff44fd/vpcs",
        query: "marker=13551d6b%2D755d-4757-b956-536f674975c0&limit=2",
        ..published(&headers)
    };
    assert!(
        Authorization::parse(HEADER)
            .unwrap()
            .verifies(SECRET_KEY, &request)
    );
}

#[test]
fn any_change_to_what_is_signed_is_noticed() {
    let authorization = Authorization::parse(HEADER).unwrap();
    let headers = published_headers();
    let original = published(&headers);
    let mut other_host = published_headers();
    other_host.insert("host", "elsewhere.example.com".parse().unwrap());
    let mut no_date = published_headers();
    no_date.remove("x-sdk-date");

    let changed = [
        SignedRequest {
            method: &Method::DELETE,
            ..original
        },
        SignedRequest {
            path: "/v1/77b6a44cba5143ab91d13ab9a8ff44fe/vpcs",
            ..original
        },
        SignedRequest {
            query: "limit=3&marker=13551d6b-755d-4757-b956-536f674975c0",
            ..original
        },
        SignedRequest {
            query: "",
            ..original
        },
        SignedRequest {
            body: b"{}",
            ..original
        },
        SignedRequest {
            headers: &other_host,
            ..original
        },
        SignedRequest {
            headers: &no_date,
            ..original
        },
    ];
    for request in changed {
        assert!(!authorization.verifies(SECRET_KEY, &request), "{request:?}");
    }
    assert!(!authorization.verifies("another secret", &original));
}

#[test]
fn what_is_not_an_authorization_header_is_refused() {
    let bad = [
        "",
        "SDK-HMAC-SHA256",
        "SDK-HMAC-SHA256 Access=a",
        "SDK-HMAC-SHA256 Access=a, SignedHeaders=host",
        "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=zz",
        "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=00, More=1",
        "SDK-SM2-SM3 Access=a, SignedHeaders=host, Signature=00",
    ];
    for header in bad {
        assert_eq!(Authorization::parse(header), None, "{header}");
    }
}

#[test]
fn queries_are_sorted_by_name_then_value_and_encoded() {
    let cases = [
        ("", ""),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=1&a", "a=&a=1&a=2"),
        ("q=a+b%20c", "q=a%20b%20c"),
        ("name=%E4%BC%9A%E8%AF%9D*", "name=%E4%BC%9A%E8%AF%9D%2A"),
        ("%C3%A9=1&z=2", "z=2&%C3%A9=1"),
    ];
    for (query, canonical) in cases {
        assert_eq!(canonical_query(query), canonical, "{query}");
    }
}

#[test]
fn a_claimed_body_hash_must_be_true() {
    let authorization = |_: ()| Authorization {
        algorithm: Algorithm::HmacSha256,
        access_key: String::new(),
        signed_headers: vec!["x-sdk-content-sha256".to_owned()],
        signature: Vec::new(),
    };
    let cases = [
        ("UNSIGNED-PAYLOAD".to_owned(), true),
        (Algorithm::HmacSha256.hash_hex(b"body"), true),
        (Algorithm::HmacSha256.hash_hex(b"another"), false),
    ];
    for (claim, accepted) in cases {
        let mut headers = HeaderMap::new();
        headers.insert("x-sdk-content-sha256", claim.parse().unwrap());
        let request = SignedRequest {
            body: b"body",
            ..published(&headers)
        };
        assert_eq!(
            authorization(()).payload_hash(&request).is_some(),
            accepted,
            "{claim}"
        );
    }
}
