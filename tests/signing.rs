//! Our signatures beside those of the official Python SDK, for thousands of random requests.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;
use terraform_provider_hwc::huaweicloud::sign::{SignRequest, sign};
use time::OffsetDateTime;

const REQUESTS: usize = 5_000;

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

fn our_signature(request: &Request) -> (String, String) {
    let signed = sign(
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
fn line(request: &Request, date: &str) -> String {
    let body: String = request
        .body
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({
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

/// The Python that has the SDK: the one asked for, else the one that `make setup` made.
fn python() -> PathBuf {
    let python = std::env::var_os("HWC_TEST_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/venv/bin/python"),
        PathBuf::from,
    );
    assert!(
        python.exists(),
        "{} is not there; run `make setup`",
        python.display()
    );
    python
}

fn reference_signatures(lines: &[String]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/signing_reference.py");
    let mut reference = Command::new(python())
        .arg(script)
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut input = reference.stdin.take().unwrap();
    // The reference answers while it reads, so it is written to from another thread.
    let text = lines.join("\n");
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = reference.wait_with_output().unwrap();
    writer
        .join()
        .unwrap()
        .expect("the reference reads all requests");
    assert!(output.status.success(), "the reference failed");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn signatures_are_those_of_the_official_sdk() {
    let seed: u64 = rand::rng().random();
    let mut random = StdRng::seed_from_u64(seed);
    let requests: Vec<Request> = (0..REQUESTS).map(|_| request(&mut random)).collect();
    let ours: Vec<(String, String)> = requests.iter().map(our_signature).collect();
    let lines: Vec<String> = requests
        .iter()
        .zip(&ours)
        .map(|(request, (date, _))| line(request, date))
        .collect();

    let theirs = reference_signatures(&lines);

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
