//! A resource whose schema has changed: what it knew as `place` is `house`, and its lists `came` and `missed` are one
//! list of `guests`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tf_provider::schema::{AttributeConstraint, AttributeType, Schema};
use tf_provider::value::{ValueEmpty, ValueList, ValueNumber, ValueString};
use tf_provider::{AttributePath, Diagnostics, Resource, map};

use super::{attribute, schema};

/// A resource that keeps what it is given.
pub struct Party;

/// Guests have numbers.
#[derive(Serialize, Deserialize)]
pub struct Guest {
    number: ValueNumber,
    came: bool,
}

#[derive(Serialize, Deserialize)]
pub struct PartyState<'a> {
    #[serde(borrow)]
    house: ValueString<'a>,
    guests: ValueList<Guest>,
}

/// Brings a state of schema version 1 to version 2.
pub fn upgrade(
    diags: &mut Diagnostics,
    version: i64,
    mut state: Map<String, Value>,
) -> Option<Map<String, Value>> {
    if version < 1 {
        diags.root_error("Too old", "Nobody remembers that version.");
        return None;
    }
    if state.get("place").is_some_and(|place| place == "panic") {
        panic!("the secret is hunter2");
    }
    let mut guests = Vec::new();
    for (list, came) in [("came", true), ("missed", false)] {
        if let Some(Value::Array(numbers)) = state.remove(list) {
            let numbered = |number| json!({"number": number, "came": came});
            guests.extend(numbers.into_iter().map(numbered));
        }
    }
    let house = state.remove("place").unwrap_or_default();
    state.insert("house".to_owned(), house);
    state.insert("guests".to_owned(), guests.into());
    Some(state)
}

#[async_trait]
impl Resource for Party {
    type State<'a> = PartyState<'a>;
    type PrivateState<'a> = ValueEmpty;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        let guest = map! {
            "number" => attribute(AttributeType::Number, AttributeConstraint::Required),
            "came" => attribute(AttributeType::Bool, AttributeConstraint::Required),
        };
        Some(schema(map! {
            "house" => attribute(AttributeType::String, AttributeConstraint::Required),
            "guests" => attribute(AttributeType::AttributeList(guest), AttributeConstraint::Optional),
        }))
    }

    async fn read<'a>(
        &self,
        _diags: &mut Diagnostics,
        state: Self::State<'a>,
        private: Self::PrivateState<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<(Self::State<'a>, Self::PrivateState<'a>)> {
        Some((state, private))
    }

    async fn plan_create<'a>(
        &self,
        _diags: &mut Diagnostics,
        proposed: Self::State<'a>,
        _config: Self::State<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<(Self::State<'a>, Self::PrivateState<'a>)> {
        Some((proposed, ValueEmpty::default()))
    }

    async fn plan_update<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: Self::State<'a>,
        proposed: Self::State<'a>,
        _config: Self::State<'a>,
        private: Self::PrivateState<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<(Self::State<'a>, Self::PrivateState<'a>, Vec<AttributePath>)> {
        Some((proposed, private, Vec::new()))
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
        _diags: &mut Diagnostics,
        planned: Self::State<'a>,
        _config: Self::State<'a>,
        private: Self::PrivateState<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<(Self::State<'a>, Self::PrivateState<'a>)> {
        Some((planned, private))
    }

    async fn update<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: Self::State<'a>,
        planned: Self::State<'a>,
        _config: Self::State<'a>,
        private: Self::PrivateState<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<(Self::State<'a>, Self::PrivateState<'a>)> {
        Some((planned, private))
    }

    async fn destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: Self::State<'a>,
        _private: Self::PrivateState<'a>,
        _meta: Self::ProviderMetaState<'a>,
    ) -> Option<()> {
        Some(())
    }
}
