//! Parts of documents written by hand that the tests write: what stands between two marks.

use std::fs;

use super::{repository, updating, write};

/// The document with this text between the marks of that name.
fn with(document: &str, mark: &str, text: &str) -> String {
    let begin = format!("<!-- {mark}: written by `make docs` -->\n");
    let end = format!("<!-- end of {mark} -->\n");
    let part = document.split_once(&begin);
    let (before, rest) = part.unwrap_or_else(|| panic!("the document has no {begin:?}"));
    let part = rest.split_once(&end);
    let (_, after) = part.unwrap_or_else(|| panic!("the document has no {end:?}"));
    format!("{before}{begin}{text}{end}{after}")
}

/// Panics unless the document, a path in the repository, says this between these marks; `UPDATE_DOCS=1` writes it.
pub fn must_say(document: &str, parts: &[(&str, String)]) {
    let file = repository().join(document);
    let written = fs::read_to_string(&file).expect("the document");
    let text = (parts.iter()).fold(written.clone(), |document, (mark, text)| {
        with(&document, mark, text)
    });
    if updating() {
        write(&file, &text);
    } else {
        assert!(
            written == text,
            "{document} is not what the sources say; run `make docs` and look at the difference:\n{text}"
        );
    }
}
