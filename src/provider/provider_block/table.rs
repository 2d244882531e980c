//! What a row in the table of a block's arguments says, and what is made of it: the argument in the schema, the variables
//! that stand in for it, whether its value is known yet, and whether it is valid.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use tf_provider::schema::{Attribute, AttributeType, Block};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use crate::provider::arguments::{optional, secret};
use crate::provider::environment::{Environment, Variables, parse_bool};
use crate::provider::explain;

/// What an argument is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Purpose {
    /// It says where and how calls are made.
    Setting,
    /// It says how to sign in.
    SignIn,
}

/// What a row says about an argument beside its name and type.
pub(super) struct Argument<T> {
    purpose: Purpose,
    /// The description, without its last sentence, which names the first variable.
    words: &'static str,
    variables: Variables,
    /// The sentence about valid values.
    rule: &'static str,
    /// A value that is not valid, as the error shows it.
    refused: fn(&T) -> Option<String>,
}

/// An argument that says where and how calls are made. `variables`: the first that is set stands in for it.
pub(super) fn setting<T>(variables: Variables, words: &'static str) -> Argument<T> {
    Argument {
        purpose: Purpose::Setting,
        words,
        variables,
        rule: "",
        refused: |_| None,
    }
}

/// An argument that says how to sign in. `variables`: the first that is set stands in for it.
pub(super) fn sign_in<T>(variables: Variables, words: &'static str) -> Argument<T> {
    Argument {
        purpose: Purpose::SignIn,
        ..setting(variables, words)
    }
}

impl<T: ArgumentType> Argument<T> {
    /// Adds which values are valid.
    pub(super) fn valid(self, rule: &'static str, refused: fn(&T) -> Option<String>) -> Self {
        Self {
            rule,
            refused,
            ..self
        }
    }

    /// The argument in the schema.
    pub(super) fn attribute(&self) -> Attribute {
        T::attribute(&match self.variables.first() {
            Some(variable) => format!("{} Variable: `{variable}`.", self.words),
            None => self.words.to_owned(),
        })
    }

    /// What is not known yet, if the argument is for this purpose.
    pub(super) fn not_known(&self, name: &str, value: &Value<T>, purpose: Purpose) -> Vec<String> {
        match value {
            _ if self.purpose != purpose => Vec::new(),
            Value::Unknown => vec![name.to_owned()],
            Value::Null => Vec::new(),
            Value::Value(value) => value.not_known_in(name),
        }
    }

    /// The value that is written in the block at this path, if it is not valid.
    pub(super) fn refusal(
        &self,
        block: &AttributePath,
        name: &'static str,
        value: &Value<T>,
    ) -> Option<Refusal> {
        let shown = (self.refused)(value.as_ref_option()?)?;
        Some(Refusal {
            attribute: block.clone().attribute(name),
            summary: format!("Invalid {name}"),
            detail: format!("{name} is {shown}. {}", self.rule),
        })
    }

    /// The value, or if it is null, that of the first variable that is set.
    pub(super) fn or_variable(
        &self,
        name: &'static str,
        value: &Value<T>,
        env: Environment<'_>,
        refusals: &mut Vec<Refusal>,
    ) -> Value<T> {
        if !value.is_null() {
            return value.clone();
        }
        let Some((variable, text)) = env.find(self.variables) else {
            return Value::Null;
        };
        let shown = match T::from_variable(text) {
            Ok(value) => match (self.refused)(&value) {
                None => return Value::Value(value),
                Some(shown) => shown,
            },
            Err(text) => format!("{text:?}"),
        };
        refusals.push(Refusal {
            attribute: AttributePath::new(name),
            summary: format!("Invalid {variable}"),
            detail: format!("The variable {variable} is {shown}. {}", self.rule),
        });
        Value::Null
    }
}

/// An argument or a variable whose value is not valid.
#[derive(Debug)]
pub(in crate::provider) struct Refusal {
    pub(in crate::provider) attribute: AttributePath,
    pub(in crate::provider) summary: String,
    pub(in crate::provider) detail: String,
}

impl Refusal {
    /// Adds it as an error.
    pub(in crate::provider) fn into_error(self, diags: &mut Diagnostics) {
        explain::invalid(diags, self.attribute, self.summary, self.detail);
    }
}

/// The type of an argument.
pub(super) trait ArgumentType: Clone {
    /// The attribute that these words describe.
    fn attribute(words: &str) -> Attribute;

    /// Reads a variable.
    ///
    /// # Errors
    /// The text, if it is no such value.
    fn from_variable(text: String) -> Result<Self, String> {
        Err(text)
    }

    /// What is not known yet in a known value of the argument `name`.
    fn not_known_in(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }
}

impl ArgumentType for String {
    fn attribute(words: &str) -> Attribute {
        optional(AttributeType::String, words)
    }

    fn from_variable(text: String) -> Result<Self, String> {
        Ok(text)
    }
}

impl ArgumentType for Secret {
    fn attribute(words: &str) -> Attribute {
        secret(words)
    }

    fn from_variable(text: String) -> Result<Self, String> {
        Ok(Self(text.into()))
    }
}

impl ArgumentType for bool {
    fn attribute(words: &str) -> Attribute {
        optional(AttributeType::Bool, words)
    }

    fn from_variable(text: String) -> Result<Self, String> {
        parse_bool(&text).ok_or(text)
    }
}

impl ArgumentType for i64 {
    fn attribute(words: &str) -> Attribute {
        optional(AttributeType::Number, words)
    }

    fn from_variable(text: String) -> Result<Self, String> {
        text.trim().parse().map_err(|_| text)
    }
}

/// No variable stands in for a map.
impl ArgumentType for BTreeMap<String, Value<String>> {
    fn attribute(words: &str) -> Attribute {
        optional(AttributeType::Map(Box::new(AttributeType::String)), words)
    }

    fn not_known_in(&self, name: &str) -> Vec<String> {
        let not_known = self.iter().filter(|(_, value)| value.is_unknown());
        not_known
            .map(|(key, _)| format!("{name}[{key:?}]"))
            .collect()
    }
}

/// A secret argument: it can be read and sent back to the engine, but not printed, and is wiped when it is dropped.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

/// A text that is there; an empty one counts as not given, as in the official provider.
pub(in crate::provider) fn text(value: &Value<String>) -> Option<String> {
    let text = value.as_ref_option()?;
    (!text.is_empty()).then(|| text.clone())
}

/// The same for a secret.
pub(in crate::provider) fn secret_text(value: &Value<Secret>) -> Option<SecretString> {
    let Secret(secret) = value.as_ref_option()?;
    (!secret.expose_secret().is_empty()).then(|| secret.clone())
}

/// A block whose arguments are written in a table, which the macro `block` reads.
pub(in crate::provider) trait HclBlock: Sized {
    /// The block in the schema, described by these words.
    fn schema(words: &str) -> Block;

    /// The names of the arguments for this purpose whose values are not known yet.
    fn not_known(&self, purpose: Purpose) -> Vec<String>;

    /// The arguments that are not valid, in the block at this path.
    fn refusals(&self, block: &AttributePath) -> Vec<Refusal>;

    /// The block in which variables stand in for arguments that are null, and the variables that are not valid.
    /// Variables do not stand in for arguments of the blocks in it.
    fn or_variables(&self, env: Environment<'_>) -> (Self, Vec<Refusal>);
}

/// Blocks of one type, as they come from the engine.
pub(super) type Blocks<B> = Value<Vec<Value<B>>>;

/// The blocks that are written and known.
pub(in crate::provider) fn known<B>(blocks: &Blocks<B>) -> impl Iterator<Item = &B> {
    let blocks = blocks.as_ref_option().into_iter().flatten();
    blocks.filter_map(Value::as_ref_option)
}

/// The name of the blocks, which say how to sign in, if something in them is not known yet.
pub(super) fn blocks_not_known<B: HclBlock>(name: &str, blocks: &Blocks<B>) -> Option<String> {
    let not_known = match blocks {
        Value::Value(blocks) => blocks.iter().any(|block| match block {
            Value::Value(block) => !block.not_known(Purpose::SignIn).is_empty(),
            block => block.is_unknown(),
        }),
        blocks => blocks.is_unknown(),
    };
    not_known.then(|| name.to_owned())
}

/// The arguments in these blocks that are not valid.
pub(super) fn refusals_in<B: HclBlock>(name: &'static str, blocks: &Blocks<B>) -> Vec<Refusal> {
    let blocks = (0..).zip(known(blocks));
    let refusals = blocks.flat_map(|(index, block)| {
        let path = AttributePath::new(name).index(index);
        block.refusals(&path)
    });
    refusals.collect()
}

/// Makes a block of its table: a row for each argument (`name: type = what the row says;`), then a row for each block in
/// it; these say how to sign in.
macro_rules! block {
    (
        $(#[$doc:meta])*
        $block:ident {
            $($name:ident: $kind:ty = $argument:expr;)+
        }
        $(blocks {
            $($nested:ident: $nested_block:ident in $nesting:path = $words:literal;)+
        })?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Default, Serialize, Deserialize)]
        pub struct $block {
            $(pub(in crate::provider) $name: Value<$kind>,)+
            $($(pub(in crate::provider) $nested: Blocks<$nested_block>,)+)?
        }

        impl HclBlock for $block {
            fn schema(words: &str) -> Block {
                Block {
                    version: 0,
                    description: Description::markdown(words),
                    attributes: map! { $(stringify!($name) => Argument::<$kind>::attribute(&$argument)),+ },
                    $(blocks: map! {
                        $(stringify!($nested) => $nesting($nested_block::schema($words))),+
                    },)?
                    ..Block::default()
                }
            }

            fn not_known(&self, purpose: Purpose) -> Vec<String> {
                let mut names = Vec::new();
                $(names.extend($argument.not_known(stringify!($name), &self.$name, purpose));)+
                $(if purpose == Purpose::SignIn {
                    $(names.extend(blocks_not_known(stringify!($nested), &self.$nested));)+
                })?
                names
            }

            fn refusals(&self, block: &AttributePath) -> Vec<Refusal> {
                let mut refusals = Vec::new();
                $(refusals.extend($argument.refusal(block, stringify!($name), &self.$name));)+
                $($(refusals.extend(refusals_in(stringify!($nested), &self.$nested));)+)?
                refusals
            }

            fn or_variables(&self, env: Environment<'_>) -> (Self, Vec<Refusal>) {
                let mut refusals = Vec::new();
                let block = Self {
                    $($name: $argument.or_variable(stringify!($name), &self.$name, env, &mut refusals),)+
                    $($($nested: self.$nested.clone(),)+)?
                };
                (block, refusals)
            }
        }
    };
}
pub(super) use block;
