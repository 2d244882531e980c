//! What a user writes in HCL: the `provider "hwc"` block, and what it offers.
//!
//! * [`provider_block`][]: the provider block, and the client that it makes; `sign_in`: what it says about signing in.
//! * [`service`][]: what a service is to the rest; [`services`][]: every service, one file each.
//! * [`session_kill`][]: the resource and the action that kill sessions, of every service.
//! * [`sessions`][]: the data source and the ephemeral resource that list sessions, of every service.
//! * `arguments`: reading arguments, and the attributes and blocks that several of them share.
//! * `select`: the `select` block and its guards; `listing`: the sessions of a place.
//! * [`record`][]: arguments and results by their names.
//! * `environment`: environment variables.
//! * `promises`: what a plan promises where values are not known yet.
//! * `explain`: the sentences that users read when something went wrong.

pub mod listing;
pub mod provider_block;
pub mod record;
pub mod service;
pub mod services;
pub mod session_kill;
pub mod sessions;

mod arguments;
mod environment;
mod explain;
mod promises;
mod select;
mod sign_in;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use tf_provider::schema::Schema;
use tf_provider::value::{Value, ValueEmpty};
use tf_provider::{AttributePath, Diagnostics, Provider};
use tokio_util::sync::CancellationToken;

use self::environment::Environment;
use self::provider_block::Configured;
use self::provider_block::model::ProviderBlock;
use self::provider_block::table::HclBlock;
use self::session_kill::SessionKill;
use self::sessions::Sessions;
use crate::huaweicloud::client::Client;
use crate::huaweicloud::operation::Operation;
use crate::plugin::{Plugin, Progress, Registry};

/// The provider's name, and the prefix of its types.
pub const NAME: &str = "hwc";

/// The provider. Clones share the configuration and the stop signal.
#[derive(Clone, Default)]
pub struct HwcProvider {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    configured: RwLock<Option<Configured>>,
    stop: CancellationToken,
}

impl HwcProvider {
    /// A provider that is configured already, for programs that make its client themselves.
    pub fn with_client(client: Client) -> Self {
        let provider = Self::default();
        let region = client.settings().region.clone().into();
        provider.set(Configured {
            client: Ok(client),
            region,
        });
        provider
    }

    fn set(&self, configured: Configured) {
        *self
            .shared
            .configured
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(configured);
    }

    fn configured(&self) -> Option<Configured> {
        self.shared
            .configured
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// The client of the configured provider.
    fn client(&self, diags: &mut Diagnostics) -> Option<Client> {
        match self.configured().map(|configured| configured.client) {
            Some(Ok(client)) => Some(client),
            Some(Err(unknown)) => {
                explain::error(
                    diags,
                    AttributePath::root(),
                    format!("Provider arguments not known yet: {}", unknown.join(", ")),
                    "No session was killed, and nothing was sent. The values of these arguments of the provider \"hwc\" are known \
                     only after apply, so the plan cannot call the cloud. First apply the resources that the values come \
                     from, for example with -target, and then plan again. Or set the arguments to values that are known \
                     at plan.",
                );
                None
            }
            None => {
                explain::error(
                    diags,
                    AttributePath::root(),
                    "The provider is not configured",
                    "No session was killed, and nothing was sent. The engine asked for a kill before it configured the provider \
                     \"hwc\". This is a bug in the engine or in this provider: please report it.",
                );
                None
            }
        }
    }

    /// The region that a resource without `region` is in. Null: there is none. Unknown: only apply knows it.
    fn region(&self) -> Value<String> {
        self.configured()
            .map_or(Value::Unknown, |configured| configured.region)
    }

    /// An operation that has `limit` from now on, ends early when the user stops the run, and tells `progress` what
    /// it is waiting for.
    fn operation(&self, client: &Client, limit: Duration, progress: &Progress) -> Operation {
        let progress = progress.clone();
        Operation::new(client.clock(), limit, self.shared.stop.clone())
            .with_listener(move |waiting| progress.report(explain::waiting(waiting)))
    }
}

#[async_trait]
impl Provider for HwcProvider {
    type Config<'a> = ProviderBlock;
    type MetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(Schema {
            version: 0,
            block: ProviderBlock::schema(
                "Kills database sessions on Huawei Cloud and keeps the results in state. Most arguments can also \
                 be set by environment variables, which are those of the official `huaweicloud` provider; arguments take \
                 precedence over them. Plan and validate call no API and need no credentials; only data sources and \
                 ephemeral resources do.",
            ),
        })
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, block: ProviderBlock) -> Option<()> {
        provider_block::check(diags, &block);
        Some(())
    }

    async fn configure<'a>(
        &self,
        diags: &mut Diagnostics,
        _terraform_version: String,
        block: ProviderBlock,
    ) -> Option<()> {
        let environment = Environment(&|name| std::env::var(name).ok());
        let configured = provider_block::configure(diags, &block, environment)?;
        self.set(configured);
        Some(())
    }
}

impl Plugin for HwcProvider {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn register(&self, registry: &mut Registry) {
        for service in services::ALL {
            let provider = || self.clone();
            let kill = service.kill_type();
            let list = service.list_type();
            registry.resource_with_upgrade(
                &kill,
                SessionKill::new(provider(), service),
                move |_, _, state| Some(session_kill::upgrade(service, state)),
            );
            registry.action(&kill, SessionKill::new(provider(), service));
            registry.data_source(&list, Sessions::new(provider(), service));
            registry.ephemeral_resource(&list, Sessions::new(provider(), service));
        }
    }

    fn stop(&self) {
        self.shared.stop.cancel();
    }
}
