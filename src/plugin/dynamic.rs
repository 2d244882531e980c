//! The typed traits without their types: what the server holds.
//!
//! Each blanket implementation decodes, calls, encodes; nothing else.

use async_trait::async_trait;
use prost::bytes::Bytes;
use tf_provider::value::ValueEmpty;
use tf_provider::{AttributePath, DataSource, Diagnostics, Resource, schema::Schema};

use super::action::{Action, Progress};
use super::ephemeral_resource::EphemeralResource;
use super::proto::tfplugin6::DynamicValue;
use super::record;
use super::value::{self, Received};

/// A resource's state and what it stored beside it, encoded.
pub(crate) type EncodedState = (DynamicValue, Bytes);

/// What a plan or an apply starts from. Which of the states are null says what is to be done.
pub(crate) struct Change<'k> {
    /// Before: null for a create.
    pub(crate) prior: Received<'k>,
    /// After, as proposed to a plan or as planned for an apply: null for a destroy.
    pub(crate) planned: Received<'k>,
    /// As written by the user: null for a destroy.
    pub(crate) config: Received<'k>,
    pub(crate) private: Bytes,
}

/// A [`Resource`] of any state.
#[async_trait]
pub(crate) trait DynResource: Send + Sync {
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;
    async fn validate(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<()>;
    async fn read(
        &self,
        diags: &mut Diagnostics,
        state: Received<'_>,
        private: Bytes,
    ) -> Option<EncodedState>;
    async fn plan_create(
        &self,
        diags: &mut Diagnostics,
        change: Change<'_>,
    ) -> Option<EncodedState>;
    async fn plan_update(
        &self,
        diags: &mut Diagnostics,
        change: Change<'_>,
    ) -> Option<(EncodedState, Vec<AttributePath>)>;
    async fn plan_destroy(&self, diags: &mut Diagnostics, change: Change<'_>) -> Option<Bytes>;
    async fn create(&self, diags: &mut Diagnostics, change: Change<'_>) -> Option<EncodedState>;
    async fn update(&self, diags: &mut Diagnostics, change: Change<'_>) -> Option<EncodedState>;
    async fn destroy(&self, diags: &mut Diagnostics, change: Change<'_>) -> Option<()>;
    async fn import(&self, diags: &mut Diagnostics, id: String) -> Option<EncodedState>;
}

#[async_trait]
impl<R> DynResource for R
where
    R: for<'a> Resource<ProviderMetaState<'a> = ValueEmpty>,
{
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema> {
        Resource::schema(self, diags)
    }

    async fn validate(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<()> {
        let config = config.decode(diags)?;
        Resource::validate(self, diags, config).await
    }

    async fn read(
        &self,
        diags: &mut Diagnostics,
        state: Received<'_>,
        private: Bytes,
    ) -> Option<EncodedState> {
        let state = state.decode(diags)?;
        let private = value::decode_private(&private, diags)?;
        let (state, private) = Resource::read(self, diags, state, private, no_meta()).await?;
        encode_state(&state, &private, diags)
    }

    async fn plan_create(
        &self,
        diags: &mut Diagnostics,
        change: Change<'_>,
    ) -> Option<EncodedState> {
        let proposed = change.planned.decode(diags)?;
        let config = change.config.decode(diags)?;
        let (state, private) =
            Resource::plan_create(self, diags, proposed, config, no_meta()).await?;
        encode_state(&state, &private, diags)
    }

    async fn plan_update(
        &self,
        diags: &mut Diagnostics,
        change: Change<'_>,
    ) -> Option<(EncodedState, Vec<AttributePath>)> {
        let prior = change.prior.decode(diags)?;
        let proposed = change.planned.decode(diags)?;
        let config = change.config.decode(diags)?;
        let private = value::decode_private(&change.private, diags)?;
        let (state, private, replaced_by) =
            Resource::plan_update(self, diags, prior, proposed, config, private, no_meta()).await?;
        Some((encode_state(&state, &private, diags)?, replaced_by))
    }

    async fn plan_destroy(&self, diags: &mut Diagnostics, change: Change<'_>) -> Option<Bytes> {
        let prior = change.prior.decode(diags)?;
        let private = value::decode_private(&change.private, diags)?;
        let private = Resource::plan_destroy(self, diags, prior, private, no_meta()).await?;
        value::encode_private(&private, diags)
    }

    async fn create(&self, diags: &mut Diagnostics, change: Change<'_>) -> Option<EncodedState> {
        let planned = change.planned.decode(diags)?;
        let config = change.config.decode(diags)?;
        let private = value::decode_private(&change.private, diags)?;
        let (state, private) =
            Resource::create(self, diags, planned, config, private, no_meta()).await?;
        record::created();
        encode_state(&state, &private, diags)
    }

    async fn update(&self, diags: &mut Diagnostics, change: Change<'_>) -> Option<EncodedState> {
        let prior = change.prior.decode(diags)?;
        let planned = change.planned.decode(diags)?;
        let config = change.config.decode(diags)?;
        let private = value::decode_private(&change.private, diags)?;
        let (state, private) =
            Resource::update(self, diags, prior, planned, config, private, no_meta()).await?;
        encode_state(&state, &private, diags)
    }

    async fn destroy(&self, diags: &mut Diagnostics, change: Change<'_>) -> Option<()> {
        let prior = change.prior.decode(diags)?;
        let private = value::decode_private(&change.private, diags)?;
        Resource::destroy(self, diags, prior, private, no_meta()).await
    }

    async fn import(&self, diags: &mut Diagnostics, id: String) -> Option<EncodedState> {
        let (state, private) = Resource::import(self, diags, id).await?;
        encode_state(&state, &private, diags)
    }
}

/// What tf-provider's traits are told of `provider_meta`. This plugin has no schema for it, so the host refuses such a
/// block before it calls the plugin.
fn no_meta() -> ValueEmpty {
    ValueEmpty::Null
}

fn encode_state<S, P>(state: &S, private: &P, diags: &mut Diagnostics) -> Option<EncodedState>
where
    S: serde::Serialize,
    P: serde::Serialize,
{
    Some((
        value::encode(state, diags)?,
        value::encode_private(private, diags)?,
    ))
}

/// A [`DataSource`] of any state.
#[async_trait]
pub(crate) trait DynDataSource: Send + Sync {
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;
    async fn validate(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<()>;
    async fn read(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<DynamicValue>;
}

#[async_trait]
impl<D> DynDataSource for D
where
    D: for<'a> DataSource<ProviderMetaState<'a> = ValueEmpty>,
{
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema> {
        DataSource::schema(self, diags)
    }

    async fn validate(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<()> {
        let config = config.decode(diags)?;
        DataSource::validate(self, diags, config).await
    }

    async fn read(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<DynamicValue> {
        let config = config.decode(diags)?;
        let state = DataSource::read(self, diags, config, no_meta()).await?;
        value::encode(&state, diags)
    }
}

/// An [`Action`] of any configuration.
#[async_trait]
pub(crate) trait DynAction: Send + Sync {
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;
    async fn validate(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<()>;
    async fn plan(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<()>;
    async fn invoke(
        &self,
        diags: &mut Diagnostics,
        config: Received<'_>,
        progress: Progress,
    ) -> Option<()>;
}

#[async_trait]
impl<A: Action> DynAction for A {
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema> {
        Action::schema(self, diags)
    }

    async fn validate(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<()> {
        let config = config.decode(diags)?;
        Action::validate(self, diags, config).await
    }

    async fn plan(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<()> {
        let config = config.decode(diags)?;
        Action::plan(self, diags, config).await
    }

    async fn invoke(
        &self,
        diags: &mut Diagnostics,
        config: Received<'_>,
        progress: Progress,
    ) -> Option<()> {
        let config = config.decode(diags)?;
        Action::invoke(self, diags, config, progress).await
    }
}

/// An [`EphemeralResource`] of any configuration.
#[async_trait]
pub(crate) trait DynEphemeralResource: Send + Sync {
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;
    async fn validate(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<()>;
    async fn open(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<DynamicValue>;
}

#[async_trait]
impl<E: EphemeralResource> DynEphemeralResource for E {
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema> {
        EphemeralResource::schema(self, diags)
    }

    async fn validate(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<()> {
        let config = config.decode(diags)?;
        EphemeralResource::validate(self, diags, config).await
    }

    async fn open(&self, diags: &mut Diagnostics, config: Received<'_>) -> Option<DynamicValue> {
        let config = config.decode(diags)?;
        let opened = EphemeralResource::open(self, diags, config).await?;
        value::encode(&opened.result, diags)
    }
}
