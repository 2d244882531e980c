//! A provider of trifles, served over the real wire: what the tests beside it and the timing of the wire itself use.

mod party;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use terraform_provider_hwc::plugin::{
    self, Action, EphemeralResource, Opened, Plugin, Progress, Registry,
};
use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, NestedBlock, Schema,
};
use tf_provider::value::{ValueEmpty, ValueList, ValueMap, ValueNumber, ValueString};
use tf_provider::{AttributePath, DataSource, Diagnostics, Provider, Resource, map};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    plugin::serve(Trifles::default()).await
}

/// The provider: `provider "wire" { token = "…" }`.
#[derive(Default)]
struct Trifles {
    stopped: Arc<CancellationToken>,
}

#[derive(Serialize, Deserialize)]
struct TriflesConfig<'a> {
    #[serde(borrow)]
    token: ValueString<'a>,
}

#[async_trait]
impl Provider for Trifles {
    type Config<'a> = TriflesConfig<'a>;
    type MetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema(
            map! { "token" => attribute(AttributeType::String, AttributeConstraint::Optional) },
        ))
    }

    async fn configure<'a>(
        &self,
        diags: &mut Diagnostics,
        _terraform_version: String,
        config: Self::Config<'a>,
    ) -> Option<()> {
        if config.token.as_str() == "refused" {
            diags.error(
                "Token refused",
                "The token is not welcome.",
                AttributePath::new("token"),
            );
            return None;
        }
        Some(())
    }
}

impl Plugin for Trifles {
    fn name(&self) -> &'static str {
        "wire"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn register(&self, registry: &mut Registry) {
        registry.resource(
            "note",
            Note {
                stopped: Arc::clone(&self.stopped),
            },
        );
        registry.resource_with_upgrade("party", party::Party, party::upgrade);
        registry.data_source("echo", Echo);
        registry.action("greet", Greet);
        registry.ephemeral_resource("secret", Secret);
    }

    fn stop(&self) {
        self.stopped.cancel();
    }
}

fn schema(attributes: std::collections::HashMap<String, Attribute>) -> Schema {
    Schema {
        version: 2,
        block: Block {
            version: 2,
            attributes,
            description: "A trifle.".into(),
            ..Block::default()
        },
    }
}

fn attribute(attr_type: AttributeType, constraint: AttributeConstraint) -> Attribute {
    Attribute {
        attr_type,
        constraint,
        description: "Something.".into(),
        ..Attribute::default()
    }
}

/// A resource that keeps what it is given, and misbehaves when its text says so: `panic`, `late panic`, `unwritable`, `wait`, `half`, `silent`.
struct Note {
    stopped: Arc<CancellationToken>,
}

#[derive(Clone, Serialize, Deserialize)]
struct NoteState<'a> {
    #[serde(borrow)]
    text: ValueString<'a>,
    numbers: ValueList<ValueNumber>,
    #[serde(borrow)]
    labels: ValueMap<'a, ValueString<'a>>,
    limits: Vec<Limit>,
    #[serde(borrow, serialize_with = "written")]
    id: ValueString<'a>,
}

/// An id that one state cannot be encoded with.
fn written<S: serde::Serializer>(id: &ValueString<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    match id.as_str() {
        "unwritable" => Err(serde::ser::Error::custom("the secret is hunter2")),
        _ => id.serialize(serializer),
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Limit {
    most: ValueNumber,
}

#[async_trait]
impl Resource for Note {
    type State<'a> = NoteState<'a>;
    type PrivateState<'a> = ValueString<'a>;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        let mut schema = schema(map! {
            "text" => attribute(AttributeType::String, AttributeConstraint::Required),
            "numbers" => attribute(AttributeType::List(Box::new(AttributeType::Number)), AttributeConstraint::Optional),
            "labels" => attribute(AttributeType::Map(Box::new(AttributeType::String)), AttributeConstraint::Optional),
            "id" => attribute(AttributeType::String, AttributeConstraint::Computed),
        });
        let most = attribute(AttributeType::Number, AttributeConstraint::Optional);
        let limit = Block {
            attributes: map! { "most" => most },
            ..Block::default()
        };
        schema
            .block
            .blocks
            .insert("limits".to_owned(), NestedBlock::List(limit));
        Some(schema)
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Self::State<'a>) -> Option<()> {
        if config.text.as_str() == "panic in validate" {
            panic!("the secret is {}", config.text.as_str());
        }
        if config.text.as_str() == "warn" {
            diags.warning("Doubtful", "Is this wise?", AttributePath::new("text"));
        }
        Some(())
    }

    async fn read<'a>(
        &self,
        _diags: &mut Diagnostics,
        state: Self::State<'a>,
        private: Self::PrivateState<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<(Self::State<'a>, Self::PrivateState<'a>)> {
        (state.text.as_str() != "gone").then_some((state, private))
    }

    async fn plan_create<'a>(
        &self,
        _diags: &mut Diagnostics,
        mut proposed: Self::State<'a>,
        _config: Self::State<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<(Self::State<'a>, Self::PrivateState<'a>)> {
        proposed.id = ValueString::Unknown;
        Some((proposed, ValueString::Null))
    }

    async fn plan_update<'a>(
        &self,
        _diags: &mut Diagnostics,
        prior: Self::State<'a>,
        proposed: Self::State<'a>,
        _config: Self::State<'a>,
        private: Self::PrivateState<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<(Self::State<'a>, Self::PrivateState<'a>, Vec<AttributePath>)> {
        let replaced_by = match prior.text == proposed.text {
            true => Vec::new(),
            false => vec![AttributePath::new("text")],
        };
        Some((proposed, private, replaced_by))
    }

    async fn plan_destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: Self::State<'a>,
        private: Self::PrivateState<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<Self::PrivateState<'a>> {
        Some(private)
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        mut planned: Self::State<'a>,
        _config: Self::State<'a>,
        _private: Self::PrivateState<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<(Self::State<'a>, Self::PrivateState<'a>)> {
        planned.id = ValueString::from("1".to_owned());
        match planned.text.as_str() {
            "panic" => panic!("the secret is hunter2"),
            "unwritable" => {
                plugin::record("id", &ValueString::from("8".to_owned()));
                planned.id = ValueString::from("unwritable".to_owned());
            }
            "late panic" => {
                plugin::record("id", &ValueString::from("7".to_owned()));
                tokio::task::yield_now().await;
                panic!("the secret is hunter2")
            }
            "silent" => return None,
            "half" => diags.root_error("Half done", "The rest is missing."),
            "wait" => self.wait(diags).await,
            _ => {}
        }
        Some((planned, ValueString::from("private".to_owned())))
    }

    async fn update<'a>(
        &self,
        diags: &mut Diagnostics,
        _prior: Self::State<'a>,
        planned: Self::State<'a>,
        _config: Self::State<'a>,
        private: Self::PrivateState<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<(Self::State<'a>, Self::PrivateState<'a>)> {
        if planned.numbers.is_null() {
            diags.root_error("No numbers", "An update needs numbers.");
            return None;
        }
        Some((planned, private))
    }

    async fn destroy<'a>(
        &self,
        diags: &mut Diagnostics,
        prior: Self::State<'a>,
        _private: Self::PrivateState<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<()> {
        if prior.text.as_str() == "stays" {
            diags.root_error("It stays", "It does not want to go.");
            return None;
        }
        Some(())
    }
}

impl Note {
    async fn wait(&self, diags: &mut Diagnostics) {
        tokio::select! {
            () = self.stopped.cancelled() => diags.root_error("Stopped", "It was not waited for."),
            () = tokio::time::sleep(Duration::from_secs(60)) => {}
        }
    }
}

/// A data source that gives back its word.
struct Echo;

#[derive(Serialize, Deserialize)]
struct EchoState<'a> {
    #[serde(borrow)]
    word: ValueString<'a>,
    length: ValueNumber,
}

#[async_trait]
impl DataSource for Echo {
    type State<'a> = EchoState<'a>;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema(map! {
            "word" => attribute(AttributeType::String, AttributeConstraint::Required),
            "length" => attribute(AttributeType::Number, AttributeConstraint::Computed),
        }))
    }

    async fn read<'a>(
        &self,
        _diags: &mut Diagnostics,
        mut config: Self::State<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<Self::State<'a>> {
        config.length = ValueNumber::Value(i64::try_from(config.word.as_str().len()).ok()?);
        Some(config)
    }
}

/// An action that greets several times.
struct Greet;

#[derive(Serialize, Deserialize)]
struct GreetConfig<'a> {
    #[serde(borrow)]
    whom: ValueString<'a>,
    times: ValueNumber,
}

#[async_trait]
impl Action for Greet {
    type Config<'a> = GreetConfig<'a>;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema(map! {
            "whom" => attribute(AttributeType::String, AttributeConstraint::Required),
            "times" => attribute(AttributeType::Number, AttributeConstraint::Optional),
        }))
    }

    async fn plan<'a>(&self, diags: &mut Diagnostics, config: Self::Config<'a>) -> Option<()> {
        if config.whom.as_str() == "nobody" {
            diags.error(
                "Nobody there",
                "There is nobody to greet.",
                AttributePath::new("whom"),
            );
            return None;
        }
        Some(())
    }

    async fn invoke<'a>(
        &self,
        diags: &mut Diagnostics,
        config: Self::Config<'a>,
        progress: Progress,
    ) -> Option<()> {
        for time in 1..=config.times.unwrap_or(1) {
            progress.report(format!("{time}: good day, {}", config.whom.as_str()));
        }
        match config.whom.as_str() {
            "panic" => panic!("the secret is hunter2"),
            "a wall" => {
                diags.root_error("No answer", "Walls do not answer.");
                None
            }
            _ => Some(()),
        }
    }
}

/// An ephemeral resource that makes a value of its name.
struct Secret;

#[derive(Serialize, Deserialize)]
struct SecretConfig<'a> {
    #[serde(borrow)]
    name: ValueString<'a>,
    #[serde(borrow)]
    value: ValueString<'a>,
}

#[async_trait]
impl EphemeralResource for Secret {
    type Config<'a> = SecretConfig<'a>;
    type Result<'a> = SecretConfig<'a>;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema(map! {
            "name" => attribute(AttributeType::String, AttributeConstraint::Required),
            "value" => attribute(AttributeType::String, AttributeConstraint::Computed),
        }))
    }

    async fn open<'a>(
        &self,
        _diags: &mut Diagnostics,
        mut config: Self::Config<'a>,
    ) -> Option<Opened<Self::Result<'a>>> {
        config.value = ValueString::from(format!("value of {}", config.name.as_str()));
        Some(Opened::new(config))
    }
}
