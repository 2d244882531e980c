//! A page of the documentation, in the layout and with the front matter that the registry reads.

use std::fmt::Write as _;
use std::fs;

use terraform_provider_hwc::provider::service::Description;
use terraform_provider_hwc::provider::services;
use tf_provider::schema::Schema;

use super::links::to_page;
use super::{examples, repository, schema_section};

/// What a page is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A `resource` block.
    Resource,
    /// A `data` block.
    DataSource,
    /// An `ephemeral` block.
    EphemeralResource,
    /// An `action` block.
    Action,
}

impl Kind {
    /// The words for it in a title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Resource => "Resource",
            Self::DataSource => "Data Source",
            Self::EphemeralResource => "Ephemeral Resource",
            Self::Action => "Action",
        }
    }

    /// Its folder in `docs/` and in `examples/`.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Resource => "resources",
            Self::DataSource => "data-sources",
            Self::EphemeralResource => "ephemeral-resources",
            Self::Action => "actions",
        }
    }

    /// The file in `examples/` that comes first on its page.
    pub const fn first_example(self) -> &'static str {
        match self {
            Self::Resource => "resource.tf",
            Self::DataSource => "data-source.tf",
            Self::EphemeralResource => "ephemeral-resource.tf",
            Self::Action => "action.tf",
        }
    }

    /// Whether it kills, so that its page has something to say about kills that go wrong.
    const fn kills(self) -> bool {
        matches!(self, Self::Resource | Self::Action)
    }
}

/// The page of one type.
pub struct Page<'a> {
    kind: Kind,
    name: &'a str,
    schema: &'a Schema,
}

impl<'a> Page<'a> {
    pub fn new(kind: Kind, name: &'a str, schema: &'a Schema) -> Self {
        Self { kind, name, schema }
    }

    /// The type's name without the provider's prefix, by which the registry knows it.
    fn short_name(&self) -> &str {
        self.name
            .split_once('_')
            .map_or(self.name, |(_, short)| short)
    }

    /// Its path in `docs/`.
    pub fn path(&self) -> String {
        format!("{}/{}.md", self.kind.folder(), self.short_name())
    }

    /// The service that it belongs to.
    fn service(&self) -> &'static Description {
        let mut services = services::ALL.into_iter();
        let service = services.find(|service| {
            let types = [service.kill_type(), service.list_type()];
            types.iter().any(|one| one == self.short_name())
        });
        service.unwrap_or_else(|| panic!("{} belongs to no service", self.name))
    }

    /// The whole page.
    pub fn text(&self) -> String {
        let title = format!("{} {} - hwc", self.name, self.kind.title());
        let description = &self.schema.block.description.content;
        let service = self.service();
        let mut text = front_matter(&title, Some(service.words.heading), description);
        _ = write!(
            text,
            "\n# {} ({})\n\n{description}\n",
            self.name,
            self.kind.title()
        );
        if !service.confirmed {
            _ = write!(
                text,
                "\n~> **Not yet confirmed.** Built from the documentation of {}, not yet confirmed by an account. \
                 [What has been confirmed]({}) says for each call what it is built from, and what to report if you have an \
                 account.\n",
                service.words.service,
                to_page("guides/confirmed.md")
            );
        }
        let folder = format!("{}/{}", self.kind.folder(), self.name);
        text += &examples::section(&folder, self.kind.first_example());
        text += &schema_section::section(&self.schema.block);
        if self.kind.kills() {
            _ = write!(
                text,
                "\n## When something goes wrong\n\n\
                 - [When does a kill happen again?]({}) has a table of every edit and event.\n\
                 - [Faults]({}) shows which requests are sent again, and what is in state afterwards.\n\
                 - [Troubleshooting]({}) explains errors by their code, and what to do.\n",
                to_page("guides/when-a-kill-happens-again.md"),
                to_page("guides/faults.md"),
                to_page("guides/troubleshooting.md")
            );
        }
        text
    }
}

/// The provider's page: the first that a reader of the registry sees.
pub fn index(provider: &Schema, pages: &[Page<'_>]) -> String {
    let description = &provider.block.description.content;
    let mut text = front_matter("hwc Provider", None, description);
    _ = write!(text, "\n# hwc Provider\n\n{description}\n\n");
    for page in pages {
        _ = writeln!(
            text,
            "- [`{}`]({}) ({}): {}",
            page.name,
            to_page(&page.path()),
            page.kind.title().to_lowercase(),
            first_sentence(&page.schema.block.description.content)
        );
    }
    text += &examples::section("provider", "provider.tf");
    text += &schema_section::section(&provider.block);
    text += "\n## Guides\n\n";
    text += &guides();
    text
}

/// A line for each guide: its title and what it is about, as its front matter has them.
fn guides() -> String {
    let folder = repository().join("docs/guides");
    let mut lines: Vec<String> = fs::read_dir(&folder)
        .expect("the folder of the guides")
        .map(|entry| {
            let name = entry.expect("an entry of the folder").file_name();
            let name = name.to_string_lossy();
            let text = fs::read_to_string(folder.join(name.as_ref())).expect("a guide");
            let (title, description) = title_and_description(&text).unwrap_or_else(|| {
                panic!("{name} has no page_title and description in its front matter")
            });
            format!(
                "- [{title}]({}): {description}\n",
                to_page(&format!("guides/{name}"))
            )
        })
        .collect();
    lines.sort();
    lines.concat()
}

fn title_and_description(guide: &str) -> Option<(String, String)> {
    let (_, rest) = guide.split_once("---\n")?;
    let (front_matter, _) = rest.split_once("\n---\n")?;
    let (before, description) = front_matter.split_once("description: |-\n")?;
    let title = before
        .lines()
        .find_map(|line| line.strip_prefix("page_title: "))?;
    let description: Vec<&str> = description.lines().map(str::trim).collect();
    Some((title.trim_matches('"').to_owned(), description.join(" ")))
}

fn front_matter(title: &str, subcategory: Option<&str>, description: &str) -> String {
    format!(
        "---\npage_title: \"{title}\"\nsubcategory: \"{}\"\ndescription: |-\n  {}\n---\n",
        subcategory.unwrap_or_default(),
        first_sentence(description).replace('`', "")
    )
}

fn first_sentence(description: &str) -> &str {
    description
        .find(". ")
        .map_or(description, |end| &description[..=end])
}
