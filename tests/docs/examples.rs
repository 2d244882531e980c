//! The examples of `examples/` on the pages.

use std::fs;

use super::repository;

/// The file that says which provider an example needs: the same on every page, and so on none but the provider's.
const VERSIONS: &str = "versions.tf";

/// The section with every example of a folder of `examples/`: `first`, which must be there, then the others by name.
pub fn section(folder: &str, first: &str) -> String {
    let path = repository().join("examples").join(folder);
    let mut files: Vec<String> = fs::read_dir(&path)
        .unwrap_or_else(|error| panic!("examples/{folder}: {error}"))
        .map(|entry| {
            let name = entry.expect("an entry of the folder").file_name();
            name.to_string_lossy().into_owned()
        })
        .filter(|name| name.ends_with(".tf") && name != VERSIONS)
        .collect();
    assert!(
        files.iter().any(|name| name == first),
        "there is no examples/{folder}/{first}"
    );
    files.sort_by_key(|name| (name != first, name.clone()));
    let blocks: Vec<String> = files
        .iter()
        .map(|name| {
            let text = fs::read_to_string(path.join(name)).expect("an example");
            format!("```terraform\n{}\n```\n", text.trim_end())
        })
        .collect();
    format!("\n## Example Usage\n\n{}", blocks.join("\n"))
}
