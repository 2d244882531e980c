//! The section of a page that lists arguments and attributes, in the words and order that readers of the registry know.

use std::collections::HashMap;
use std::fmt::Write as _;

use tf_provider::schema::{Attribute, AttributeConstraint, AttributeType, Block, NestedBlock};

/// Something that has attributes and blocks of its own, and gets a section of its own.
struct Nested<'a> {
    /// What a link to it names.
    anchor: String,
    /// Where it is: `timeouts`, `select.age`.
    path: String,
    fields: Fields<'a>,
}

/// What stands in a block or in nested attributes.
#[derive(Clone, Copy)]
struct Fields<'a> {
    attributes: &'a HashMap<String, Attribute>,
    blocks: Option<&'a HashMap<String, NestedBlock>>,
}

/// One line of the list.
struct Line {
    name: String,
    text: String,
}

/// The three lists of a section.
#[derive(Default)]
struct Lists {
    required: Vec<Line>,
    optional: Vec<Line>,
    read_only: Vec<Line>,
}

/// The section of a whole schema.
pub fn section(block: &Block) -> String {
    let mut text = "\n## Schema\n".to_owned();
    let mut waiting = Vec::new();
    text += &lists(Fields::of(block), "", &mut waiting).headed("###");
    // Depth first, so that what is nested stands below what holds it.
    waiting.reverse();
    while let Some(nested) = waiting.pop() {
        let mut deeper = Vec::new();
        let lists = lists(nested.fields, &nested.path, &mut deeper);
        _ = write!(
            text,
            "\n<a id=\"{}\"></a>\n### Nested Schema for `{}`\n{}",
            nested.anchor,
            nested.path,
            lists.titled()
        );
        waiting.extend(deeper.into_iter().rev());
    }
    text
}

impl<'a> Fields<'a> {
    fn of(block: &'a Block) -> Self {
        Self {
            attributes: &block.attributes,
            blocks: Some(&block.blocks),
        }
    }
}

impl Lists {
    fn headed(self, marks: &str) -> String {
        self.text(|title| format!("\n{marks} {title}\n\n"))
    }

    fn titled(self) -> String {
        self.text(|title| format!("\n{title}:\n\n"))
    }

    fn text(self, title: impl Fn(&str) -> String) -> String {
        let mut text = String::new();
        for (name, mut lines) in [
            ("Required", self.required),
            ("Optional", self.optional),
            ("Read-Only", self.read_only),
        ] {
            if lines.is_empty() {
                continue;
            }
            lines.sort_by(|left, right| left.name.cmp(&right.name));
            text += &title(name);
            for line in lines {
                _ = writeln!(text, "- `{}` {}", line.name, line.text);
            }
        }
        text
    }
}

/// Lists the fields, and puts what is nested in them into `deeper`, by name.
fn lists<'a>(fields: Fields<'a>, path: &str, deeper: &mut Vec<Nested<'a>>) -> Lists {
    let mut lists = Lists::default();
    for (name, attribute) in fields.attributes {
        let nested = nested_attributes(&attribute.attr_type).map(|attributes| Nested {
            anchor: anchor("nestedatt", path, name),
            path: below(path, name),
            fields: Fields {
                attributes,
                blocks: None,
            },
        });
        let line = Line {
            name: name.clone(),
            text: described(
                &type_of(attribute),
                &attribute.description.content,
                nested.as_ref(),
            ),
        };
        match attribute.constraint {
            AttributeConstraint::Required => lists.required.push(line),
            AttributeConstraint::Computed => lists.read_only.push(line),
            _ => lists.optional.push(line),
        }
        deeper.extend(nested);
    }
    for (name, nested_block) in fields.blocks.into_iter().flatten() {
        let (how_many, block) = how_many(nested_block);
        let nested = Nested {
            anchor: anchor("nestedblock", path, name),
            path: below(path, name),
            fields: Fields::of(block),
        };
        let line = Line {
            name: name.clone(),
            text: described(how_many, &block.description.content, Some(&nested)),
        };
        match nested_block {
            NestedBlock::Single(_) => lists.required.push(line),
            _ => lists.optional.push(line),
        }
        deeper.push(nested);
    }
    deeper.sort_by(|left, right| left.path.cmp(&right.path));
    lists
}

fn described(what: &str, description: &str, nested: Option<&Nested<'_>>) -> String {
    let link = nested
        .map(|nested| format!(" (see [below for nested schema](#{}))", nested.anchor))
        .unwrap_or_default();
    format!("({what}) {description}{link}")
}

fn below(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

fn anchor(prefix: &str, path: &str, name: &str) -> String {
    format!("{prefix}--{}", below(path, name).replace('.', "--"))
}

fn how_many(nested: &NestedBlock) -> (&'static str, &Block) {
    match nested {
        NestedBlock::Single(block) => ("Block", block),
        NestedBlock::List(block) => ("Block List", block),
        NestedBlock::Set(block) => ("Block Set", block),
        NestedBlock::Map(block) => ("Block Map", block),
        NestedBlock::Group(block) => ("Block, Optional", block),
        NestedBlock::Optional(block) => ("Block List, Max: 1", block),
    }
}

fn nested_attributes(attribute: &AttributeType) -> Option<&HashMap<String, Attribute>> {
    match attribute {
        AttributeType::AttributeSingle(nested)
        | AttributeType::AttributeList(nested)
        | AttributeType::AttributeSet(nested)
        | AttributeType::AttributeMap(nested) => Some(nested),
        _ => None,
    }
}

fn type_of(attribute: &Attribute) -> String {
    let mut words = type_name(&attribute.attr_type);
    if attribute.sensitive {
        words += ", Sensitive";
    }
    if attribute.deprecated {
        words += ", Deprecated";
    }
    words
}

fn type_name(attribute: &AttributeType) -> String {
    match attribute {
        AttributeType::String => "String".to_owned(),
        AttributeType::Number => "Number".to_owned(),
        AttributeType::Bool => "Boolean".to_owned(),
        AttributeType::List(of) => format!("List of {}", type_name(of)),
        AttributeType::Set(of) => format!("Set of {}", type_name(of)),
        AttributeType::Map(of) => format!("Map of {}", type_name(of)),
        AttributeType::Object(_) => "Object".to_owned(),
        AttributeType::Tuple(_) => "Tuple".to_owned(),
        AttributeType::AttributeSingle(_) => "Attributes".to_owned(),
        AttributeType::AttributeList(_) => "Attributes List".to_owned(),
        AttributeType::AttributeSet(_) => "Attributes Set".to_owned(),
        AttributeType::AttributeMap(_) => "Attributes Map".to_owned(),
        AttributeType::Any => "Dynamic".to_owned(),
    }
}
