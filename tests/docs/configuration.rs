//! The table of the provider's arguments and their variables, in the guide to the provider block.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tf_provider::schema::{Block, NestedBlock};

/// How a description names the variable.
const VARIABLE: &str = " Variable: `";

/// A row for each argument, by name.
pub fn table(block: &Block) -> String {
    let mut rows = BTreeMap::new();
    collect("", block, &mut rows);
    let mut text = "| argument | variable | meaning |\n| --- | --- | --- |\n".to_owned();
    for (argument, description) in rows {
        let (meaning, variable) = split_variable(&description);
        _ = writeln!(text, "| `{argument}` | {variable} | {meaning} |");
    }
    text
}

fn collect(prefix: &str, block: &Block, rows: &mut BTreeMap<String, String>) {
    for (name, attribute) in &block.attributes {
        let description = attribute.description.content.clone();
        rows.insert(format!("{prefix}{name}"), description);
    }
    for (name, nested) in &block.blocks {
        let (NestedBlock::Single(inner)
        | NestedBlock::List(inner)
        | NestedBlock::Set(inner)
        | NestedBlock::Map(inner)
        | NestedBlock::Group(inner)
        | NestedBlock::Optional(inner)) = nested;
        rows.insert(
            format!("{prefix}{name} {{ }}"),
            inner.description.content.clone(),
        );
        collect(&format!("{prefix}{name}."), inner, rows);
    }
}

/// The description without the sentence about the variable, and what that sentence says of it.
fn split_variable(description: &str) -> (String, String) {
    let Some((before, rest)) = description.split_once(VARIABLE) else {
        return (description.to_owned(), String::new());
    };
    let (variable, after) = rest
        .split_once('.')
        .expect("the sentence about the variable ends");
    (format!("{before}{after}"), format!("`{variable}"))
}
