#![allow(clippy::unwrap_used)]

use reqwest::header::HeaderMap;

use super::super::error::{ApiError, RequestLine, SignInMethod};
use super::*;

fn line() -> RequestLine {
    RequestLine {
        method: Method::POST,
        origin: "https://dcs.example.com".to_owned(),
        path: "/v2".to_owned(),
    }
}

#[test]
fn a_status_that_means_an_end_ends_the_job_and_keeps_its_word() {
    for (word, bad) in [
        ("FAIL", true),
        ("FAILED", true),
        ("Failed", true),
        ("cancelled", true),
        ("CANCELED", true),
        ("Error", true),
        ("TIMEOUT", true),
        ("INIT", false),
        ("RUNNING", false),
        ("WAITING", false),
        ("", false),
    ] {
        let status = JobStatus::from_word(word.to_owned());
        assert_eq!(status.as_str(), word);
        assert_eq!(matches!(status, JobStatus::Fail(_)), bad, "{word}");
        assert_ne!(status, JobStatus::Success);
    }
    assert_eq!(
        JobStatus::from_word("success".to_owned()),
        JobStatus::Success
    );
}

#[test]
fn a_job_id_is_kept_exactly_as_it_is_written() {
    for (body, id) in [
        (r#"{"job_id": "8abf6e1e"}"#, Some("8abf6e1e")),
        (r#"{"job_id": 9007199254740993}"#, Some("9007199254740993")),
        (
            r#"{"job_id": 123456789012345678901234567890}"#,
            Some("123456789012345678901234567890"),
        ),
        (r#"{"job_id": 1e21}"#, Some("1e21")),
        (r#"{"job_id": 12.50}"#, Some("12.50")),
        (r#"{"job_id": "1\u0030"}"#, Some("10")),
        (r#"{"job_id": null}"#, None),
        (r#"{"job_id": ["8abf6e1e"]}"#, None),
        (r#"{"job_id": true}"#, None),
    ] {
        let job_id = read_job_id(&Answer {
            line: line(),
            status: 200,
            request_id: None,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        });
        assert_eq!(job_id.ok().as_ref().map(JobId::as_str), id, "{body}");
    }
}

#[test]
fn following_a_job_outlives_a_sign_in_that_fails_for_a_moment() {
    let failing = |error| Error::SignIn {
        method: SignInMethod::Password {
            user: "ops".to_owned(),
        },
        error: Box::new(error),
    };
    let answered = |status| Error::Api {
        line: line(),
        answer: Box::new(ApiError {
            api: &crate::huaweicloud::dcs::API,
            status,
            code: None,
            message: None,
            ext_message: None,
            request_id: None,
            clock_offset: None,
            html: false,
        }),
    };
    let lost = Error::Lost {
        line: line(),
        reason: String::new(),
    };
    assert!(may_pass(&failing(lost)));
    for (status, passes) in [
        (429, true),
        (500, true),
        (503, true),
        (401, false),
        (403, false),
    ] {
        assert_eq!(may_pass(&failing(answered(status))), passes, "{status}");
    }
}
