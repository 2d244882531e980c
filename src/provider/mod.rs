//! What a user writes in HCL: the `provider "hwc"` block, and one file for each thing it offers.
//!
//! * [`configuration`]: the arguments of the provider block, and the client that they make.
//! * [`sign_in`]: those of them that say how to sign in.
//! * [`dcs_session_kill`][]: `hwc_dcs_session_kill`.
//! * [`taurusdb_session_kill`][]: `hwc_taurusdb_session_kill`.
//! * `arguments`: reading arguments, and the attributes and blocks that several of them share.
//! * `environment`: variables that stand in for arguments.
//! * `explain`: the sentences that users read when something went wrong.

pub mod configuration;
pub mod dcs_session_kill;
pub mod sign_in;
pub mod taurusdb_session_kill;

mod arguments;
mod environment;
mod explain;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use tf_provider::schema::{Block, Description, Schema};
use tf_provider::value::ValueEmpty;
use tf_provider::{AttributePath, Diagnostics, DynamicResource, Provider, map};
use tokio_util::sync::CancellationToken;

use self::configuration::Config;
use self::environment::Environment;
use crate::huaweicloud::client::Client;

/// The provider's name, and the prefix of its types.
pub const NAME: &str = "hwc";

/// The provider. Clones share the configuration and the stop signal.
#[derive(Clone, Default)]
pub struct HwcProvider {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    client: RwLock<Option<Client>>,
    stop: CancellationToken,
}

impl HwcProvider {
    /// A provider that is configured already, for programs that make its client themselves.
    pub fn with_client(client: Client) -> Self {
        let provider = Self::default();
        provider.set_client(client);
        provider
    }

    fn set_client(&self, client: Client) {
        *self
            .shared
            .client
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(client);
    }

    /// The client of the configured provider.
    fn client(&self, diags: &mut Diagnostics) -> Option<Client> {
        let client = self
            .shared
            .client
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        if client.is_none() {
            explain::error(
                diags,
                AttributePath::root(),
                "The provider is not configured",
                "The engine asked for a kill before it configured the provider \"hwc\". Nothing was sent. \
                 This is a mistake of the engine or of this provider: please report it.",
            );
        }
        client
    }

    /// The region that a resource without `region` is in, as far as plan can tell.
    fn region(&self) -> Option<String> {
        self.shared
            .client
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .as_ref()
            .and_then(|client| client.settings().region.clone())
    }

    /// Is cancelled when the user stops the run.
    fn stop_signal(&self) -> CancellationToken {
        self.shared.stop.clone()
    }

    /// Everything that waits ends soon: the user pressed Ctrl-C.
    pub fn stop_all(&self) {
        self.shared.stop.cancel();
    }
}

#[async_trait]
impl Provider for HwcProvider {
    type Config<'a> = Config;
    type MetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(Schema {
            version: 0,
            block: Block {
                version: 0,
                description: Description::markdown(
                    "Kills database sessions on Huawei Cloud and keeps the proof in state. Every argument may come \
                     from an environment variable instead, the same as those of the official `huaweicloud` provider; \
                     an argument wins over its variable. Plan and validate call no API and need no credentials.",
                ),
                attributes: configuration::attributes(),
                blocks: configuration::blocks(),
                ..Block::default()
            },
        })
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Config) -> Option<()> {
        configuration::check(diags, &config);
        Some(())
    }

    async fn configure<'a>(
        &self,
        diags: &mut Diagnostics,
        _terraform_version: String,
        config: Config,
    ) -> Option<()> {
        let environment = Environment(&|name| std::env::var(name).ok());
        let client = configuration::client(diags, &config, environment)?;
        self.set_client(client);
        Some(())
    }

    fn get_resources(
        &self,
        _diags: &mut Diagnostics,
    ) -> Option<HashMap<String, Box<dyn DynamicResource>>> {
        Some(map! {
            "dcs_session_kill" => dcs_session_kill::DcsSessionKill::new(self.clone()),
            "taurusdb_session_kill" => taurusdb_session_kill::TaurusdbSessionKill::new(self.clone()),
        })
    }
}
