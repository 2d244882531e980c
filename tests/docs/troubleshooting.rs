//! The guide to errors names errors that the provider can show, and every code that it treats in a way of its own.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use terraform_provider_hwc::huaweicloud::apis;

use super::{marked, repository};

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

/// A row for each API that has codes for it.
fn busy() -> String {
    let mut text = "| API | HTTP | codes |\n| --- | --- | --- |\n".to_owned();
    for api in apis::ALL {
        for busy in api.busy {
            let (first, last) = (busy.statuses.start(), busy.statuses.end());
            let statuses = match first == last {
                true => first.to_string(),
                false => format!("{first} to {last}"),
            };
            let codes: Vec<String> = busy.codes.iter().map(|code| format!("`{code}`")).collect();
            _ = writeln!(text, "| `{}` | {statuses} | {} |", api.key, codes.join(" "));
        }
    }
    text
}

#[test]
fn the_guide_names_every_code_that_means_busy() {
    let codes = apis::ALL.into_iter().flat_map(|api| api.busy);
    assert!(codes.flat_map(|busy| busy.codes).count() > 0);
    marked::must_say(GUIDE, &[("busy", busy())]);
}
