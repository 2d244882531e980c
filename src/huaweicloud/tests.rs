#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::str::FromStr;

use reqwest::Method;
use reqwest::header::HeaderMap;

use super::call::Answer;
use super::error::RequestLine;
use super::id::IdError;
use super::taurusdb::htap;
use super::{ddm, dds, geminidb, opengauss, taurusdb};

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

/// What is wrong with an identifier of a kind; `None`: nothing.
fn flaw<T: FromStr<Err = IdError>>(text: &str) -> Option<String> {
    text.parse::<T>().err().map(|reason| reason.to_string())
}

#[test]
fn what_an_identifier_names_is_told_by_its_ending() {
    type Flaw = fn(&str) -> Option<String>;
    /// What else has IDs in the service, by their endings.
    type Others = &'static [(&'static str, &'static str)];
    let kinds: [(Flaw, &str, Others); 9] = [
        (flaw::<dds::NodeId>, "no02", &[("in02", "an instance")]),
        (flaw::<geminidb::NodeId>, "no12", &[("in12", "an instance")]),
        (
            flaw::<ddm::InstanceId>,
            "in09",
            &[("in01", "a data node (RDS for MySQL)")],
        ),
        (flaw::<ddm::DataNodeId>, "in01", &[("in09", "an instance")]),
        (
            flaw::<taurusdb::InstanceId>,
            "in07",
            &[("no07", "a node"), ("in17", "an HTAP instance")],
        ),
        (flaw::<taurusdb::NodeId>, "no07", &[("in07", "an instance")]),
        (
            flaw::<htap::InstanceId>,
            "in17",
            &[("in07", "a TaurusDB instance"), ("no07", "a TaurusDB node")],
        ),
        (flaw::<opengauss::InstanceId>, "in14", &[("no14", "a node")]),
        (
            flaw::<opengauss::NodeId>,
            "no14",
            &[("in14", "an instance")],
        ),
    ];
    for (flaw, own, others) in kinds {
        let with = |ending: &str| format!("a23fb62bd61e4e9e9636fd2225f395be{ending}");
        assert_eq!(flaw(&with(own)), None, "{own}");
        for (ending, what) in others {
            let reason = flaw(&with(ending)).unwrap();
            let words = format!("IDs that end in {ending:?} are those of {what}; the ID of ");
            assert!(reason.starts_with(&words), "{reason}");
            assert!(reason.ends_with(&format!("ends in {own:?}")), "{reason}");
        }
        for (text, words) in [
            (with("in99"), format!("ends in {own:?}")),
            (with("-n99"), "only letters and digits".to_owned()),
            (with(""), "36 characters".to_owned()),
            (own.to_owned(), "36 characters".to_owned()),
            (String::new(), "36 characters".to_owned()),
            (
                "a23fb62b-d61e-4e9e-9636-fd2225f395be".to_owned(),
                "only letters and digits".to_owned(),
            ),
        ] {
            let reason = flaw(&text).unwrap();
            assert!(reason.contains(&words), "{reason}");
        }
    }
}

#[test]
fn a_busy_instance_of_dds_and_geminidb_is_told_with_either_status() {
    for api in [&dds::API, &geminidb::API] {
        assert!(api.says_busy(403, "DBS.200019") && api.says_busy(400, "DBS.201202"));
        assert!(api.says_busy(409, "DBS.200019") && api.says_busy(400, "DBS.00010009"));
        assert!(!api.says_busy(500, "DBS.200019") && !api.says_busy(403, "DBS.280032"));
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
