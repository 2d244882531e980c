//! Ephemeral resources: values that live as long as one run and are never stored (protocol 6.8, Terraform 1.10).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::{Diagnostics, schema::Schema};
use time::OffsetDateTime;

/// An ephemeral resource, written as tf-provider's data sources are.
#[async_trait]
pub trait EphemeralResource: Send + Sync + 'static {
    /// The configuration: the fields are the schema's attributes, computed ones null.
    type Config<'a>: Serialize + Deserialize<'a> + Send;

    /// The whole object once open: the fields are the schema's attributes.
    type Result<'a>: Serialize + Send;

    /// The attributes.
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;

    /// Judges the configuration by itself; some of it may be unknown still. (ValidateEphemeralResourceConfig)
    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Self::Config<'a>) -> Option<()> {
        _ = (diags, config);
        Some(())
    }

    /// Fetches the value. (OpenEphemeralResource)
    async fn open<'a>(
        &self,
        diags: &mut Diagnostics,
        config: Self::Config<'a>,
    ) -> Option<Opened<Self::Result<'a>>>;

    /// Keeps the value alive; called at [`Opened::renew_at`]. (RenewEphemeralResource)
    async fn renew(&self, diags: &mut Diagnostics, private: Vec<u8>) -> Option<Renewed> {
        _ = diags;
        Some(Renewed {
            private,
            renew_at: None,
        })
    }

    /// Ends the value's life. (CloseEphemeralResource)
    async fn close(&self, diags: &mut Diagnostics, private: Vec<u8>) -> Option<()> {
        _ = (diags, private);
        Some(())
    }
}

/// An ephemeral resource that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<R> {
    /// The value, as configurations refer to it.
    pub result: R,
    /// Bytes that come back at renewal and closing; empty for none. The host keeps them in memory only.
    pub private: Vec<u8>,
    /// When the host is to renew; `None` if the value outlives any run.
    pub renew_at: Option<OffsetDateTime>,
}

impl<R> Opened<R> {
    /// A value that needs neither renewal nor closing.
    pub fn new(result: R) -> Self {
        Self {
            result,
            private: Vec::new(),
            renew_at: None,
        }
    }
}

/// An ephemeral resource that was renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// Replaces [`Opened::private`].
    pub private: Vec<u8>,
    /// When the host is to renew again, if ever.
    pub renew_at: Option<OffsetDateTime>,
}
