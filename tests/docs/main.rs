//! The documentation says what the schemas say: the pages of the provider, its resources, data sources, ephemeral
//! resources and actions, in the registry's layout, and the table of
//! arguments in the guide to the provider block. The guides to permissions and to errors say what
//! the APIs of the client say. Links lead somewhere.
//!
//! The tests fail when a page no longer is what the schemas and the examples make it; `UPDATE_DOCS=1` writes it again.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod configuration;
mod examples;
mod links;
mod marked;
mod page;
mod permissions;
mod schema_section;
mod troubleshooting;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use terraform_provider_hwc::plugin::{Schemas, schemas};
use terraform_provider_hwc::provider::HwcProvider;

use self::page::{Kind, Page};

/// The folders of `docs/` in which every page is generated.
const GENERATED: [&str; 4] = [
    "resources",
    "data-sources",
    "ephemeral-resources",
    "actions",
];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn provider_schemas() -> Schemas {
    let schemas = schemas(&HwcProvider::default());
    assert!(
        schemas.diags.errors.is_empty() && schemas.diags.warnings.is_empty(),
        "the schemas cannot be built: {:?}",
        schemas.diags
    );
    schemas
}

/// Every generated page, by its path in `docs/`.
fn pages() -> BTreeMap<String, String> {
    let schemas = provider_schemas();
    let kinds = [
        (Kind::Resource, &schemas.resources),
        (Kind::DataSource, &schemas.data_sources),
        (Kind::EphemeralResource, &schemas.ephemeral_resources),
        (Kind::Action, &schemas.actions),
    ];
    let pages: Vec<Page> = kinds
        .into_iter()
        .flat_map(|(kind, schemas)| {
            schemas
                .iter()
                .map(move |(name, schema)| Page::new(kind, name, schema))
        })
        .collect();
    let provider = schemas.provider.expect("the provider has a schema");
    let mut texts = BTreeMap::from([("index.md".to_owned(), page::index(&provider, &pages))]);
    texts.extend(pages.iter().map(|page| (page.path(), page.text())));
    texts
}

/// Pages that lie in the generated folders.
fn written_pages() -> Vec<String> {
    GENERATED
        .iter()
        .filter_map(|folder| {
            Some((
                folder,
                fs::read_dir(repository().join("docs").join(folder)).ok()?,
            ))
        })
        .flat_map(|(folder, entries)| {
            entries.map(move |entry| {
                let name = entry.expect("an entry of the folder").file_name();
                format!("{folder}/{}", name.to_string_lossy())
            })
        })
        .collect()
}

fn updating() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("a folder")).expect("the folder of the page");
    fs::write(file, text).expect("the page");
}

#[test]
fn every_page_says_what_the_schemas_say() {
    let docs = repository().join("docs");
    let pages = pages();
    if updating() {
        for (path, text) in &pages {
            write(&docs.join(path), text);
        }
    }
    for (path, text) in &pages {
        let written = fs::read_to_string(docs.join(path)).unwrap_or_default();
        assert!(
            written == *text,
            "docs/{path} is not what the schema and the examples say; run `make docs` and look at the difference:\n{text}"
        );
    }
}

#[test]
fn there_is_no_page_of_what_the_provider_does_not_have() {
    let pages = pages();
    for path in written_pages() {
        if pages.contains_key(&path) {
            continue;
        }
        if updating() {
            fs::remove_file(repository().join("docs").join(&path)).expect("a page to remove");
        } else {
            panic!("docs/{path} describes what the provider does not have; run `make docs`");
        }
    }
}

#[test]
fn the_guide_lists_every_argument_of_the_provider() {
    let provider = provider_schemas()
        .provider
        .expect("the provider has a schema");
    let table = configuration::table(&provider.block);
    marked::must_say("docs/guides/configuration.md", &[("configuration", table)]);
}

#[test]
fn everything_in_a_schema_is_described() {
    for (path, text) in pages() {
        for line in text.lines().filter(|line| line.starts_with("- `")) {
            let described = line
                .split_once(") ")
                .is_some_and(|(_, description)| description.ends_with(['.', ')']));
            assert!(
                described,
                "docs/{path}: {line:?} lacks a description that ends as a sentence"
            );
        }
    }
}
