//! Links lead somewhere, from the repository and from the registries' pages alike.
//!
//! A registry shows `docs/index.md` at `…/latest/docs`, without a slash at the end, and leaves links as they are: a relative
//! link of that page leads out of the documentation, and what works on a page there does not work in the repository. So links
//! between pages are whole addresses in the repository, which work on both. The README is on no registry.

use std::fs;
use std::path::{Path, PathBuf};

use super::{repository, updating};

/// Where a path of the repository is shown.
pub const REPOSITORY: &str = "https://github.com/hwc-ops/terraform-provider-hwc/blob/main/";

/// The same for a folder.
const FOLDERS: &str = "https://github.com/hwc-ops/terraform-provider-hwc/tree/main/";

/// The address of a page, by its path in `docs/`.
pub fn to_page(path: &str) -> String {
    format!("{REPOSITORY}docs/{path}")
}

/// Every Markdown file of a folder and of those below it.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of documents");
    let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => documents(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

/// The text without blocks of code.
fn prose(document: &str) -> String {
    let parts = document.split("```").step_by(2);
    parts.collect()
}

/// The targets of the links and pictures of a text.
fn targets(text: &str) -> Vec<&str> {
    let rest = text.split("](").skip(1);
    rest.filter_map(|rest| Some(rest.split_once(')')?.0))
        .collect()
}

/// What a link to a heading names, as GitHub and the registries make it of the heading.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let heading = heading.trim().to_lowercase();
    heading
        .chars()
        .filter(kept)
        .collect::<String>()
        .replace(' ', "-")
}

/// Does the document have this anchor?
fn has(document: &str, name: &str) -> bool {
    let headings = document.lines().filter(|line| line.starts_with('#'));
    let mut headings = headings.map(|line| anchor(line.trim_start_matches('#')));
    document.contains(&format!("<a id=\"{name}\">")) || headings.any(|heading| heading == name)
}

/// What is wrong with a path in the repository, and a place in the document there.
fn flaw_of_path(path: &str, place: Option<&str>) -> Option<String> {
    let file = repository().join(path);
    if !file.exists() {
        return Some(format!("there is no {path}"));
    }
    let place = place?;
    let document = fs::read_to_string(file).expect("a document with a place in it");
    (!has(&document, place)).then(|| format!("{path} has no heading for #{place}"))
}

/// What is wrong with a link in the document at a path in the repository.
fn flaw(document: &str, text: &str, target: &str) -> Option<String> {
    let (address, place) = match target.split_once('#') {
        Some((address, place)) => (address, Some(place)),
        None => (target, None),
    };
    if let ("", Some(place)) = (address, place) {
        return (!has(text, place)).then(|| "there is no such heading".to_owned());
    }
    let path = [REPOSITORY, FOLDERS]
        .iter()
        .find_map(|base| address.strip_prefix(base));
    match path {
        Some(path) => flaw_of_path(path, place),
        None if address.starts_with("https://") => None,
        None if document.starts_with("docs/") => {
            Some(format!("it is relative; write {REPOSITORY}…"))
        }
        None => flaw_of_path(address, place),
    }
}

#[test]
fn every_link_leads_somewhere_from_the_repository_and_from_a_registry() {
    // Other tests write pages at the same time then.
    if updating() {
        return;
    }
    let mut files = documents(&repository().join("docs"));
    files.push(repository().join("README.md"));
    let mut seen = 0;
    let mut flaws = Vec::new();
    for file in files {
        let name = file.strip_prefix(repository()).expect("in the repository");
        let name = name.to_str().expect("a path in UTF-8");
        let text = fs::read_to_string(&file).expect("a document");
        for target in targets(&prose(&text)) {
            seen += 1;
            let flaw = flaw(name, &text, target);
            flaws.extend(flaw.map(|flaw| format!("{name}: {target}: {flaw}")));
        }
    }
    assert!(seen > 100, "the links are not found");
    assert!(flaws.is_empty(), "{}", flaws.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_noticed() {
    let text = "# A title: with `code`\n<a id=\"there\"></a>\n";
    for (document, target, is_right) in [
        ("docs/index.md", "guides/faults.md", false),
        ("docs/guides/a.md", "../index.md", false),
        ("docs/index.md", "https://example.com", true),
        ("docs/index.md", "#a-title-with-code", true),
        ("docs/index.md", "#there", true),
        ("docs/index.md", "#elsewhere", false),
        ("README.md", "docs/index.md#schema", true),
        ("README.md", "docs/index.md#elsewhere", false),
        ("README.md", "docs/nothing.md", false),
    ] {
        assert_eq!(flaw(document, text, target).is_none(), is_right, "{target}");
    }
    assert!(flaw("docs/index.md", text, &to_page("guides/faults.md")).is_none());
    assert!(flaw("docs/index.md", text, &to_page("guides/nothing.md")).is_some());
}
