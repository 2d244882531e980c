//! Values of every kind that a host can send, right ones and spoiled ones, to every type that the provider offers.
//!
//! Whatever comes, the answer is an answer: no panic, no end of the process, no memory without bound. A failing input
//! is printed in its smallest form.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use terraform_provider_hwc::plugin::proto::tfplugin6::provider_client::ProviderClient;
use terraform_provider_hwc::plugin::proto::tfplugin6::{self as wire, Diagnostic, DynamicValue};
use tokio::runtime::Runtime;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use super::schema::{dynamic, dynamic_json, messagepack, null, object};
use super::{duration, start_provider};

const DEFAULT: Duration = Duration::from_secs(5);
/// Inputs between two looks at the clock.
const INPUTS: u32 = 200;
/// The provider takes less than 20 MB for its work; all inputs together are a few kilobytes at a time.
const MOST_MEMORY: u64 = 64 << 20;

/// What a host asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Provider,
    Resource,
    DataSource,
    Action,
    Ephemeral,
}

/// One type that the provider offers, with a value of it in which nothing is missing.
#[derive(Clone, Debug)]
struct Target {
    kind: Kind,
    name: String,
    whole: Value,
}

/// How bytes are spoiled.
#[derive(Clone, Debug)]
enum Spoil {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    CutAt(Index),
    AllNew(Vec<u8>),
}

/// How a value is written.
#[derive(Clone, Copy, Debug)]
enum Encoding {
    MessagePack,
    Json,
}

/// One input.
#[derive(Clone, Debug)]
struct Input {
    target: Target,
    /// Attributes that get another value, which may be of the wrong type.
    changes: Vec<(Index, Value)>,
    encoding: Encoding,
    spoils: Vec<Spoil>,
}

#[test]
fn no_value_from_the_host_breaks_the_provider() {
    let runtime = Runtime::new().unwrap();
    let host = runtime.block_on(start_provider());
    let provider = runtime.block_on(host.provider());
    let targets = runtime.block_on(targets(&mut provider.clone()));
    assert!(targets.len() > 4, "{targets:?}");

    let end = Instant::now() + duration("FUZZ_SECONDS", DEFAULT);
    let inputs = inputs(targets);
    let mut count = 0;
    while Instant::now() < end {
        // A runner ends after its number of inputs; each has its own randomness.
        let outcome = TestRunner::new(config()).run(&inputs, |input| {
            runtime
                .block_on(send(provider.clone(), &input))
                .map_err(TestCaseError::fail)
        });
        outcome.unwrap_or_else(|failure| panic!("{failure}"));
        count += INPUTS;
    }

    println!("{count} inputs, at most {} KiB", host.peak_memory() >> 10);
    assert!(runtime.block_on(host.admits(Some(&host.identity))));
    assert!(host.peak_memory() < MOST_MEMORY);
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: INPUTS,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Everything that the provider offers.
async fn targets(provider: &mut ProviderClient<Channel>) -> Vec<Target> {
    let told = provider
        .get_provider_schema(wire::get_provider_schema::Request {})
        .await
        .unwrap()
        .into_inner();
    let target = |kind: Kind, name: &str, schema: &wire::Schema| Target {
        kind,
        name: name.to_owned(),
        whole: object(schema, &json!({})),
    };
    let mut targets = vec![target(Kind::Provider, "", told.provider.as_ref().unwrap())];
    let kinds = [
        (Kind::Resource, &told.resource_schemas),
        (Kind::DataSource, &told.data_source_schemas),
        (Kind::Ephemeral, &told.ephemeral_resource_schemas),
    ];
    for (kind, schemas) in kinds {
        targets.extend(
            schemas
                .iter()
                .map(|(name, schema)| target(kind, name, schema)),
        );
    }
    for (name, action) in &told.action_schemas {
        targets.push(target(Kind::Action, name, action.schema.as_ref().unwrap()));
    }
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    targets
}

fn inputs(targets: Vec<Target>) -> impl Strategy<Value = Input> {
    let encoding = select(&[Encoding::MessagePack, Encoding::Json][..]);
    let changes = vec((any::<Index>(), value()), 0..4);
    (select(targets), changes, encoding, vec(spoil(), 0..3)).prop_map(
        |(target, changes, encoding, spoils)| Input {
            target,
            changes,
            encoding,
            spoils,
        },
    )
}

/// Values as configurations have them, and some that no configuration has.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        select(
            &[
                "619d3e78f61b4be68bc5aa0b59edcf7bin07",
                "b5f8e3e3f0e14cc38ad6d59c5d8a1f2ano07",
                "0123456789abcdef0123456789abcdef",
                "http://127.0.0.1:1",
                "10.0.0.0/8",
                "9h",
                "*",
            ][..]
        )
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec(("[a-z_]{1,8}", inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn spoil() -> impl Strategy<Value = Spoil> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Spoil::Replace(at, byte)),
        (any::<Index>(), vec(any::<u8>(), 1..9)).prop_map(|(at, new)| Spoil::Insert(at, new)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Spoil::Remove(from, to)),
        any::<Index>().prop_map(Spoil::CutAt),
        vec(any::<u8>(), 0..200).prop_map(Spoil::AllNew),
    ]
}

impl Spoil {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
        match self {
            Self::Replace(at, byte) => {
                let at = place(at, bytes);
                if let Some(place) = bytes.get_mut(at) {
                    *place = *byte;
                }
            }
            Self::Insert(at, new) => {
                let at = place(at, bytes);
                bytes.splice(at..at, new.iter().copied());
            }
            Self::Remove(from, to) => {
                let (from, to) = (place(from, bytes), place(to, bytes));
                bytes.drain(from.min(to)..from.max(to));
            }
            Self::CutAt(at) => bytes.truncate(place(at, bytes)),
            Self::AllNew(new) => bytes.clone_from(new),
        }
    }
}

impl Input {
    fn bytes(&self) -> Vec<u8> {
        let mut whole = self.target.whole.clone();
        let fields = whole.as_object_mut().expect("an object");
        let names: Vec<String> = fields.keys().cloned().collect();
        for (which, value) in &self.changes {
            fields.insert(which.get(&names).clone(), value.clone());
        }
        let mut bytes = match self.encoding {
            Encoding::MessagePack => messagepack(&whole),
            Encoding::Json => whole.to_string().into_bytes(),
        };
        for spoil in &self.spoils {
            spoil.apply(&mut bytes);
        }
        bytes
    }

    fn dynamic(&self) -> DynamicValue {
        match self.encoding {
            Encoding::MessagePack => dynamic(self.bytes()),
            Encoding::Json => dynamic_json(self.bytes()),
        }
    }
}

/// Sends the value in every call about such a thing that needs no configured provider, or that then says so. The error
/// says what broke.
async fn send(mut provider: ProviderClient<Channel>, input: &Input) -> Result<(), String> {
    let type_name = input.target.name.clone();
    let value = Some(input.dynamic());
    match input.target.kind {
        Kind::Provider => {
            let request = wire::validate_provider_config::Request { config: value };
            let answer = provider.validate_provider_config(request).await;
            sound(answer, |answer| answer.diagnostics)
        }
        Kind::Resource => send_resource(provider, type_name, value, input).await,
        Kind::DataSource => {
            let request = wire::validate_data_resource_config::Request {
                type_name: type_name.clone(),
                config: value.clone(),
            };
            let answer = provider.validate_data_resource_config(request).await;
            sound(answer, |answer| answer.diagnostics)?;
            let request = wire::read_data_source::Request {
                type_name,
                config: value,
                ..Default::default()
            };
            let answer = provider.read_data_source(request).await;
            sound(answer, |answer| answer.diagnostics)
        }
        Kind::Action => {
            let request = wire::validate_action_config::Request {
                type_name: type_name.clone(),
                config: value.clone(),
            };
            let answer = provider.validate_action_config(request).await;
            sound(answer, |answer| answer.diagnostics)?;
            let request = wire::plan_action::Request {
                action_type: type_name,
                config: value,
                ..Default::default()
            };
            let answer = provider.plan_action(request).await;
            sound(answer, |answer| answer.diagnostics)
        }
        Kind::Ephemeral => {
            let request = wire::validate_ephemeral_resource_config::Request {
                type_name: type_name.clone(),
                config: value.clone(),
            };
            let answer = provider.validate_ephemeral_resource_config(request).await;
            sound(answer, |answer| answer.diagnostics)?;
            let request = wire::open_ephemeral_resource::Request {
                type_name,
                config: value,
                ..Default::default()
            };
            let answer = provider.open_ephemeral_resource(request).await;
            sound(answer, |answer| answer.diagnostics)
        }
    }
}

async fn send_resource(
    mut provider: ProviderClient<Channel>,
    type_name: String,
    value: Option<DynamicValue>,
    input: &Input,
) -> Result<(), String> {
    let request = wire::validate_resource_config::Request {
        type_name: type_name.clone(),
        config: value.clone(),
        ..Default::default()
    };
    let answer = provider.validate_resource_config(request).await;
    sound(answer, |answer| answer.diagnostics)?;

    let request = wire::read_resource::Request {
        type_name: type_name.clone(),
        current_state: value.clone(),
        private: input.bytes().into(),
        ..Default::default()
    };
    let answer = provider.read_resource(request).await;
    sound(answer, |answer| answer.diagnostics)?;

    let request = wire::upgrade_resource_state::Request {
        type_name: type_name.clone(),
        version: 0,
        raw_state: Some(wire::RawState {
            json: input.bytes().into(),
            ..Default::default()
        }),
    };
    let answer = provider.upgrade_resource_state(request).await;
    sound(answer, |answer| answer.diagnostics)?;

    let whole = Some(dynamic(messagepack(&input.target.whole)));
    for prior in [Some(null()), whole] {
        let request = wire::plan_resource_change::Request {
            type_name: type_name.clone(),
            prior_state: prior.clone(),
            proposed_new_state: value.clone(),
            config: value.clone(),
            ..Default::default()
        };
        let answer = provider.plan_resource_change(request).await;
        sound(answer, |answer| answer.diagnostics)?;

        let request = wire::apply_resource_change::Request {
            type_name: type_name.clone(),
            prior_state: prior,
            planned_state: value.clone(),
            config: value.clone(),
            ..Default::default()
        };
        let answer = provider.apply_resource_change(request).await;
        sound(answer, |answer| answer.diagnostics)?;
    }
    Ok(())
}

/// Whether this is an answer of a plugin in good health.
fn sound<T>(
    answer: Result<Response<T>, Status>,
    diagnostics: impl Fn(T) -> Vec<Diagnostic>,
) -> Result<(), String> {
    match answer {
        Ok(answer) => {
            let diagnostics = diagnostics(answer.into_inner());
            let bug = diagnostics.iter().find(|one| one.summary.contains("Bug"));
            bug.map_or(Ok(()), |bug| Err(format!("a panic: {}", bug.detail)))
        }
        Err(status) if status.code() == Code::InvalidArgument => Ok(()),
        Err(status) => Err(format!("no answer: {status}")),
    }
}
