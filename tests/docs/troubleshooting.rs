//! The guide to errors names errors that the provider can show, and every code that it treats in a way of its own.

use std::fs;
use std::path::Path;

use terraform_provider_hwc::huaweicloud::apis;

use super::repository;

const GUIDE: &str = "docs/guides/troubleshooting.md";

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All Rust below a folder, in one text.
fn sources(folder: &Path) -> String {
    fs::read_dir(folder)
        .expect("a folder of sources")
        .map(|entry| {
            let path = entry.expect("an entry of the folder").path();
            if path.is_dir() {
                sources(&path)
            } else {
                fs::read_to_string(path).expect("a source file")
            }
        })
        .collect()
}

#[test]
fn every_heading_of_the_guide_is_the_first_line_of_an_error_or_warning() {
    let sources = sources(&repository().join("src"));
    let guide = read(GUIDE);
    let headings: Vec<&str> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    assert!(!headings.is_empty(), "the guide has no headings");
    for heading in headings {
        // What stands for a name, a number or an id is written as an ellipsis.
        let fixed = heading
            .split('…')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        for part in fixed {
            let part = part.strip_prefix("hwc_dcs_session_kill ").unwrap_or(part);
            assert!(
                sources.contains(part),
                "{GUIDE} has the heading {heading:?}, but no error says {part:?}"
            );
        }
    }
}

#[test]
fn the_guide_names_every_code_that_means_busy() {
    let guide = read(GUIDE);
    let busy = apis::ALL.into_iter().flat_map(|api| api.busy);
    for code in busy.flat_map(|busy| busy.codes) {
        let (_, number) = code.split_once('.').expect("a code of a service");
        assert!(guide.contains(number), "{GUIDE} does not name {code}");
    }
}
