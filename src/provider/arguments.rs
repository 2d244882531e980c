//! Reading arguments, and the attributes and blocks that several resources share.

use std::borrow::Cow;
use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, NestedBlock, Schema,
};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics, map};

use super::record::{Encoded, Record, written};
use super::{HwcProvider, explain};
use crate::huaweicloud::id::IdError;

/// How long reading a list of sessions may take, for data sources and ephemeral resources.
pub(super) const LISTING_TIMEOUT: Duration = Duration::from_secs(300);

/// How long a kill may take when the user does not say.
pub(super) const DEFAULT_CREATE_TIMEOUT: Duration = Duration::from_secs(600);

fn attribute(
    attr_type: AttributeType,
    constraint: AttributeConstraint,
    description: &str,
) -> Attribute {
    Attribute {
        attr_type,
        description: Description::markdown(description.to_owned()),
        constraint,
        ..Attribute::default()
    }
}

/// The version of the schemas of resources: 0 until provider 0.1.0, whose state [`super::session_kill`] upgrades.
pub(super) const SCHEMA_VERSION: i64 = 1;

/// An argument that must be given.
pub(super) fn required(attr_type: AttributeType, description: &str) -> Attribute {
    attribute(attr_type, AttributeConstraint::Required, description)
}

/// An argument that may be given.
pub(super) fn optional(attr_type: AttributeType, description: &str) -> Attribute {
    attribute(attr_type, AttributeConstraint::Optional, description)
}

/// An argument that may be given and has a value in any case.
pub(super) fn optional_computed(attr_type: AttributeType, description: &str) -> Attribute {
    attribute(
        attr_type,
        AttributeConstraint::OptionalComputed,
        description,
    )
}

/// An attribute that only the provider sets.
pub(super) fn computed(attr_type: AttributeType, description: &str) -> Attribute {
    attribute(attr_type, AttributeConstraint::Computed, description)
}

/// An attribute whose value is not shown.
pub(super) fn sensitive(attribute: Attribute) -> Attribute {
    Attribute {
        sensitive: true,
        ..attribute
    }
}

/// An argument whose value is not shown.
pub(super) fn secret(description: &str) -> Attribute {
    sensitive(optional(AttributeType::String, description))
}

/// A schema in its present version.
pub(super) fn schema(
    description: String,
    attributes: HashMap<String, Attribute>,
    blocks: HashMap<String, NestedBlock>,
) -> Schema {
    Schema {
        version: SCHEMA_VERSION,
        block: Block {
            version: 0,
            description: Description::markdown(description),
            attributes,
            blocks,
            ..Block::default()
        },
    }
}

/// What the argument `region` means.
pub(super) const REGION: &str = "Region of the instance. By default the provider's `region`.";

/// The `region` argument of a resource.
pub(super) fn region_attribute() -> Attribute {
    optional_computed(AttributeType::String, REGION)
}

/// The `triggers` argument of a resource.
pub(super) fn triggers_attribute() -> Attribute {
    optional(
        AttributeType::Map(Box::new(AttributeType::String)),
        "Arbitrary values. Adding, changing or removing one of them kills the sessions again.",
    )
}

/// The `timeouts` block, which may be left out. `change` says what changing it does.
pub(super) fn timeouts_block(change: &str) -> HashMap<String, NestedBlock> {
    let create = format!(
        "Time limit of the whole kill, such as `90s`, `10m` or `1h30m`; by default `10m`. It includes the time that the kill waits \
         for a busy instance.{change}"
    );
    map! {
        "timeouts" => NestedBlock::Optional(Block {
            version: 0,
            description: Description::markdown("Time limits."),
            attributes: map! {
                "create" => optional(AttributeType::String, &create),
            },
            ..Block::default()
        }),
    }
}

/// The path of `timeouts { create }`.
fn create_timeout_path() -> AttributePath {
    AttributePath::new("timeouts").index(0).attribute("create")
}

/// The create time-out: as given, else the default. A value that is not known yet counts as the default.
pub(super) fn create_timeout(diags: &mut Diagnostics, arguments: &Record) -> Option<Duration> {
    let block = arguments.block("timeouts");
    let create = (block.attributes()).find(|(name, _)| *name == "create");
    let Some(text) = create.and_then(|(_, value)| value.as_str()) else {
        return Some(DEFAULT_CREATE_TIMEOUT);
    };
    match crate::session::duration::parse(text) {
        Ok(duration) if duration.is_zero() => {
            explain::invalid(
                diags,
                create_timeout_path(),
                "Invalid create time-out",
                "timeouts.create is 0. A kill needs some time: write for example \"10m\".",
            );
            None
        }
        Ok(duration) => Some(duration),
        Err(reason) => {
            explain::invalid(
                diags,
                create_timeout_path(),
                "Invalid create time-out",
                format!("timeouts.create is {text:?}: {reason}."),
            );
            None
        }
    }
}

/// Reads an identifier that must be there. `None` without an error means: not known yet.
pub(super) fn identifier<T>(
    diags: &mut Diagnostics,
    arguments: &Record,
    name: &'static str,
) -> Option<T>
where
    T: FromStr<Err = IdError>,
{
    match arguments.text(name) {
        Value::Value(text) => match text.parse() {
            Ok(id) => Some(id),
            Err(reason) => {
                let summary = match reason.looks_like {
                    Some(other) => format!("{name} looks like {other} ID"),
                    None => format!("Invalid {name}"),
                };
                explain::invalid(
                    diags,
                    AttributePath::new(name),
                    summary,
                    format!("{name} is {text:?}: {reason}."),
                );
                None
            }
        },
        Value::Null => {
            explain::invalid(
                diags,
                AttributePath::new(name),
                format!("Missing {name}"),
                format!("{name} is required, but it is null."),
            );
            None
        }
        Value::Unknown => None,
    }
}

/// The region of a kill: the resource's, else the provider's.
pub(super) fn region(
    diags: &mut Diagnostics,
    provider: &HwcProvider,
    arguments: &Record,
) -> Option<String> {
    match arguments.text("region") {
        Value::Value(region) if !region.is_empty() => Some(region.to_owned()),
        Value::Value(_) => {
            explain::invalid(
                diags,
                AttributePath::new("region"),
                "Invalid region",
                "region is empty. Set it to a region, for example \"cn-north-4\", or leave it out to use the provider's.",
            );
            None
        }
        _ => match provider.region() {
            Value::Value(region) => Some(region),
            Value::Null | Value::Unknown => {
                // A provider that is not completely known yet says so itself.
                if provider.client(diags).is_some() {
                    no_region(diags);
                }
                None
            }
        },
    }
}

fn no_region(diags: &mut Diagnostics) {
    explain::invalid(
        diags,
        AttributePath::new("region"),
        "No region",
        "Neither this block nor the provider \"hwc\" has a region. Set region in one of them, or the variable HW_REGION_NAME.",
    );
}

/// The region as far as plan can tell: as given, else the provider's, else known after apply. `None`: there is none,
/// and an error says so.
pub(super) fn planned_region(
    diags: &mut Diagnostics,
    provider: &HwcProvider,
    config: &Record,
) -> Option<Encoded> {
    match (config.value("region"), provider.region()) {
        (Encoded::Nil, Value::Null) => {
            no_region(diags);
            None
        }
        (Encoded::Nil, Value::Value(region)) => Some(region.into()),
        (Encoded::Nil, Value::Unknown) => Some(Record::unknown()),
        (given, _) => Some(given.clone()),
    }
}

/// A moment as it goes into state: RFC 3339, UTC.
pub(super) fn moment(time: time::OffsetDateTime) -> Option<String> {
    time.to_offset(time::UtcOffset::UTC)
        .replace_nanosecond(time.millisecond() as u32 * 1_000_000)
        .unwrap_or(time)
        .format(&time::format_description::well_known::Rfc3339)
        .ok()
}

/// A value for a sentence of the plan.
pub(super) fn shown<'r>(arguments: &'r Record, name: &str) -> &'r str {
    match arguments.text(name) {
        Value::Value(text) => text,
        Value::Null => "(not given)",
        Value::Unknown => "(known after apply)",
    }
}

/// The first few values of a list for a sentence of the plan, and how many more there are: `4, 7, 9 and 12 more`.
pub(super) fn first_shown(values: &[Encoded]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<Cow<'_, str>> = (values.iter().take(SHOWN))
        .map(|value| match value {
            Encoded::Nil => "null".into(),
            value => written(value).unwrap_or("(known after apply)".into()),
        })
        .collect();
    let shown = shown.join(", ");
    match values.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
