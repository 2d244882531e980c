//! Our signatures beside those of the official Python SDK, for thousands of random requests.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/python.rs"]
mod python;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;
use terraform_provider_hwc::huaweicloud::sign::{Algorithm, SignRequest};
use time::OffsetDateTime;

const REQUESTS: usize = 5_000;
/// Fewer for ECDSA, which the official SDK computes in plain Python.
const ECDSA_REQUESTS: usize = 60;

/// Characters that signing treats in different ways: left alone, encoded, in need of several bytes, or easily
/// mistaken for a separator or for something that is encoded already.
const CHARACTERS: [char; 36] = [
    'a', 'z', 'A', 'Z', '0', '9', '-', '_', '.', '~', ' ', '+', '%', '&', '=', '?', '#', ':', ';',
    ',', '@', '!', '$', '\'', '(', ')', '*', '[', ']', '"', '\\', '\u{7f}', 'é', 'ß', '会', '🦀',
];

/// A request as it is before signing, with the keys and the time to sign it with.
#[derive(Debug)]
struct Request {
    method: &'static str,
    host: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    access_key: String,
    secret_key: String,
    time: OffsetDateTime,
}

fn text(random: &mut StdRng, longest: usize) -> String {
    let length = random.random_range(0..=longest);
    (0..length)
        .map(|_| *CHARACTERS.choose(random).unwrap())
        .collect()
}

fn path(random: &mut StdRng) -> String {
    let segments = random.random_range(0..6);
    let mut path: String = (0..segments)
        .map(|_| format!("/{}", text(random, 8)))
        .collect();
    if path.is_empty() || random.random_bool(0.3) {
        path.push('/');
    }
    path
}

/// Pairs with few distinct names, so that names repeat, and with empty values among them.
fn query(random: &mut StdRng) -> Vec<(String, String)> {
    let names: Vec<String> = (0..3).map(|_| text(random, 4)).collect();
    (0..random.random_range(0..7))
        .map(|_| (names.choose(random).unwrap().clone(), text(random, 6)))
        .collect()
}

fn headers(random: &mut StdRng) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if random.random() {
        headers.push((
            "Content-Type".to_owned(),
            "application/json;charset=UTF-8".to_owned(),
        ));
    }
    for name in ["X-Project-Id", "x-security-token", "X-LANGUAGE"] {
        if random.random() {
            // Spaces around a value do not count.
            headers.push((name.to_owned(), format!(" {} ", text(random, 12))));
        }
    }
    headers
}

fn request(random: &mut StdRng) -> Request {
    let body_length = if random.random() {
        random.random_range(1..200)
    } else {
        0
    };
    Request {
        method: ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]
            .choose(random)
            .unwrap(),
        host: ["dcs.eu-west-101.myhuaweicloud.com", "127.0.0.1:8080"]
            .choose(random)
            .unwrap()
            .to_string(),
        path: path(random),
        query: query(random),
        headers: headers(random),
        body: (0..body_length).map(|_| random.random()).collect(),
        access_key: format!("AK{:016X}", random.random::<u64>()),
        secret_key: format!("sk{}", text(random, 40)),
        // Any second of this century.
        time: OffsetDateTime::from_unix_timestamp(random.random_range(946_684_800..4_102_444_800))
            .unwrap(),
    }
}

fn our_signature(algorithm: Algorithm, request: &Request) -> (String, String) {
    let signed = algorithm.sign(
        &SignRequest {
            method: request.method,
            host: &request.host,
            path: &request.path,
            query: &request.query,
            headers: &request.headers,
            body: &request.body,
        },
        &request.access_key,
        &request.secret_key,
        request.time,
    );
    (signed.date, signed.authorization)
}

/// The request as a line for the reference.
fn line(algorithm: Algorithm, request: &Request, date: &str, authorization: &str) -> String {
    let body: String = request
        .body
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({
        "algorithm": algorithm.label(),
        "authorization": authorization,
        "method": request.method,
        "host": request.host,
        "path": request.path,
        "query": request.query,
        "headers": request.headers,
        "body": body,
        "access_key": request.access_key,
        "secret_key": request.secret_key,
        "date": date,
    })
    .to_string()
}

/// Signs random requests and has the official SDK sign the same. Where a signature has chance in it, the SDK answers
/// with ours, if it verifies.
fn compare(algorithm: Algorithm, count: usize) {
    let seed: u64 = rand::rng().random();
    let mut random = StdRng::seed_from_u64(seed);
    let requests: Vec<Request> = (0..count).map(|_| request(&mut random)).collect();
    let ours: Vec<(String, String)> = requests
        .iter()
        .map(|request| our_signature(algorithm, request))
        .collect();
    let lines: Vec<String> = requests
        .iter()
        .zip(&ours)
        .map(|(request, (date, authorization))| line(algorithm, request, date, authorization))
        .collect();

    let theirs = python::ask("signing_reference.py", &lines);

    assert_eq!(theirs.len(), requests.len());
    for ((request, (date, ours)), theirs) in requests.iter().zip(&ours).zip(&theirs) {
        assert_eq!(
            *date,
            expected_date(request.time),
            "seed {seed}: {request:?}"
        );
        assert_eq!(ours, theirs, "seed {seed}: {request:?}");
    }
}

#[test]
fn signatures_are_those_of_the_official_sdk() {
    compare(Algorithm::HmacSha256, REQUESTS);
}

#[test]
fn signatures_with_sm3_are_those_of_the_official_sdk() {
    compare(Algorithm::HmacSm3, REQUESTS);
}

#[test]
fn signatures_with_ecdsa_are_verified_by_the_official_sdk() {
    compare(Algorithm::EcdsaP256Sha256, ECDSA_REQUESTS);
}

/// `YYYYMMDDTHHMMSSZ`, put together without the code under test.
fn expected_date(time: OffsetDateTime) -> String {
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}
