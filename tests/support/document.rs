//! Documents that tests write: what they found out is what the document says.

/// Panics unless the document, a path in the repository, has exactly this text; `UPDATE_DOCS=1` writes it.
pub fn must_say(document: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).expect("the document can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "{document} does not say what the test found; look at the difference, and if it is meant, run the test with \
         UPDATE_DOCS=1:\n{text}"
    );
}
