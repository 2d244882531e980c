#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use reqwest::Method;
use reqwest::header::HeaderMap;

use super::call::Answer;
use super::error::RequestLine;

/// All Rust files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

#[test]
fn no_sentence_of_the_client_names_an_argument_or_variable_of_the_provider() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/huaweicloud");
    let files = files(&folder);
    assert!(files.len() > 20, "{files:?}");
    for path in files.iter().filter(|path| !path.ends_with("tests.rs")) {
        let text = std::fs::read_to_string(path).unwrap();
        // Comments may say what is done elsewhere, and the name of the program goes with every request.
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .filter(|line| !line.contains("\"terraform-provider-hwc/\""));
        for line in code {
            for word in ["provider block", "HW_", "erraform", "OpenTofu"] {
                assert!(!line.contains(word), "{}: {line}", path.display());
            }
        }
    }
}

/// An answer with HTTP status 200 and this body.
pub(super) fn answered(body: &str) -> Answer {
    Answer {
        line: RequestLine {
            method: Method::POST,
            origin: "https://api.example.com".to_owned(),
            path: "/v3".to_owned(),
        },
        status: 200,
        request_id: Some("r-1".to_owned()),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
    }
}
