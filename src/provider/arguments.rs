//! Reading arguments, and the attributes and blocks that several resources share.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, NestedBlock, Schema,
};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics, map};

use super::{HwcProvider, explain};

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

/// A schema in its first version.
pub(super) fn schema(
    description: &'static str,
    attributes: HashMap<String, Attribute>,
    blocks: HashMap<String, NestedBlock>,
) -> Schema {
    Schema {
        version: 0,
        block: Block {
            version: 0,
            description: Description::markdown(description),
            attributes,
            blocks,
            ..Block::default()
        },
    }
}

/// A resource's arguments as an action has them: nothing is computed, since nothing is kept.
pub(super) fn of_action(mut attributes: HashMap<String, Attribute>) -> HashMap<String, Attribute> {
    for attribute in attributes.values_mut() {
        if attribute.constraint == AttributeConstraint::OptionalComputed {
            attribute.constraint = AttributeConstraint::Optional;
        }
    }
    attributes
}

/// The `region` argument of a resource.
pub(super) fn region_attribute() -> Attribute {
    optional_computed(
        AttributeType::String,
        "Region of the instance. By default the provider's `region`.",
    )
}

/// The `triggers` argument of a resource.
pub(super) fn triggers_attribute() -> Attribute {
    optional(
        AttributeType::Map(Box::new(AttributeType::String)),
        "Any values. When one of them changes, is added or taken away, the sessions are killed again.",
    )
}

/// The `timeouts` block, which may be left out.
pub(super) fn timeouts_block() -> HashMap<String, NestedBlock> {
    map! {
        "timeouts" => NestedBlock::Optional(Block {
            version: 0,
            description: Description::markdown("Time limits."),
            attributes: map! {
                "create" => optional(
                    AttributeType::String,
                    "Time limit of the whole kill, as in `90s`, `10m` or `1h30m`; by default `10m`. It includes the time \
                     that an instance is busy with another task. Changing it does not kill again.",
                ),
            },
            ..Block::default()
        }),
    }
}

/// The `timeouts` block as Terraform sends it: a list of at most one.
pub(super) type Timeouts = Value<Vec<Value<TimeoutsBlock>>>;

/// What stands in a `timeouts` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeoutsBlock {
    create: Value<String>,
}

/// The path of `timeouts { create }`.
fn create_timeout_path() -> AttributePath {
    AttributePath::new("timeouts").index(0).attribute("create")
}

/// The create time-out: as given, else the default. A value that is not known yet counts as the default.
pub(super) fn create_timeout(diags: &mut Diagnostics, timeouts: &Timeouts) -> Option<Duration> {
    let given = match timeouts {
        Value::Value(blocks) => blocks.first(),
        _ => None,
    };
    let Some(Value::Value(TimeoutsBlock {
        create: Value::Value(text),
    })) = given
    else {
        return Some(DEFAULT_CREATE_TIMEOUT);
    };
    match crate::session::duration::parse(text) {
        Ok(duration) if duration.is_zero() => {
            explain::error(
                diags,
                create_timeout_path(),
                "Invalid create time-out",
                "timeouts.create is 0. A kill needs some time: write for example \"10m\".",
            );
            None
        }
        Ok(duration) => Some(duration),
        Err(reason) => {
            explain::error(
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
    name: &'static str,
    value: &Value<String>,
) -> Option<T>
where
    T: FromStr,
    T::Err: Display,
{
    match value {
        Value::Value(text) => match text.parse() {
            Ok(id) => Some(id),
            Err(reason) => {
                explain::error(
                    diags,
                    AttributePath::new(name),
                    format!("Invalid {name}"),
                    format!("{name} is {text:?}: {reason}."),
                );
                None
            }
        },
        Value::Null => {
            explain::error(
                diags,
                AttributePath::new(name),
                format!("Missing {name}"),
                format!("{name} is null, but it must be given."),
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
    value: &Value<String>,
) -> Option<String> {
    match value {
        Value::Value(region) if !region.is_empty() => Some(region.clone()),
        Value::Value(_) => {
            explain::error(
                diags,
                AttributePath::new("region"),
                "Invalid region",
                "region is empty. Write its name, for example \"cn-north-4\", or leave it out to use the provider's.",
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
    explain::error(
        diags,
        AttributePath::new("region"),
        "No region",
        "Nobody was killed. Neither this block nor the provider \"hwc\" has a region, so it is not known where the instance \
         is. Set region in either of them, or the variable HW_REGION_NAME.",
    );
}

/// The region as far as plan can tell: as given, else the provider's, else known after apply. `None`: there is none,
/// and an error says so.
pub(super) fn planned_region(
    diags: &mut Diagnostics,
    provider: &HwcProvider,
    given: &Value<String>,
) -> Option<Value<String>> {
    let region = match given {
        Value::Null => provider.region(),
        given => given.clone(),
    };
    if region.is_null() {
        no_region(diags);
        return None;
    }
    Some(region)
}

/// The value, or the default where it is null.
pub(super) fn or_default(value: &Value<bool>, default: bool) -> Value<bool> {
    match value {
        Value::Null => Value::Value(default),
        given => *given,
    }
}

/// A moment as it goes into state: RFC 3339, UTC.
pub(super) fn moment(time: time::OffsetDateTime) -> Value<String> {
    time.to_offset(time::UtcOffset::UTC)
        .replace_nanosecond(time.millisecond() as u32 * 1_000_000)
        .unwrap_or(time)
        .format(&time::format_description::well_known::Rfc3339)
        .map_or(Value::Null, Value::Value)
}

/// A value for a sentence of the plan.
pub(super) fn shown(value: &Value<String>) -> &str {
    match value {
        Value::Value(text) => text,
        Value::Null => "(not given)",
        Value::Unknown => "(known after apply)",
    }
}

/// The first few values of a list for a sentence of the plan, and how many more there are: `4, 7, 9 and 12 more`.
pub(super) fn first_shown<T: Display>(values: &[Value<T>]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = (values.iter().take(SHOWN))
        .map(|value| match value {
            Value::Value(value) => value.to_string(),
            Value::Null => "null".to_owned(),
            Value::Unknown => "(known after apply)".to_owned(),
        })
        .collect();
    let shown = shown.join(", ");
    match values.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What is known goes into state, what is not is null.
pub(super) fn known<T>(value: Option<T>) -> Value<T> {
    value.map_or(Value::Null, Value::Value)
}

/// A number of which only a 64-bit whole one is right. Terraform's numbers can be others, and those are kept as
/// text, so that the error can show what was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WholeNumber {
    /// A 64-bit whole number, exactly.
    Whole(i64),
    /// Anything else, as text.
    Other(String),
}

impl Display for WholeNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Other(text) => text.fmt(f),
        }
    }
}

impl Serialize for WholeNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(number) => serializer.serialize_i64(*number),
            // The encoding of numbers that fit no machine type.
            Self::Other(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for WholeNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;

        impl serde::de::Visitor<'_> for NumberVisitor {
            type Value = WholeNumber;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number")
            }

            fn visit_i64<E>(self, number: i64) -> Result<WholeNumber, E> {
                Ok(WholeNumber::Whole(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<WholeNumber, E> {
                Ok(i64::try_from(number).map_or_else(
                    |_| WholeNumber::Other(number.to_string()),
                    WholeNumber::Whole,
                ))
            }

            fn visit_f64<E>(self, number: f64) -> Result<WholeNumber, E> {
                Ok(WholeNumber::Other(number.to_string()))
            }

            fn visit_str<E>(self, number: &str) -> Result<WholeNumber, E> {
                Ok(number.parse().map_or_else(
                    |_| WholeNumber::Other(number.to_owned()),
                    WholeNumber::Whole,
                ))
            }
        }

        deserializer.deserialize_any(NumberVisitor)
    }
}

/// A number of things; null when that is not known.
pub(super) fn number(count: Option<usize>) -> Value<i64> {
    known(count.and_then(|count| i64::try_from(count).ok()))
}
