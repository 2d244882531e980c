//! Ephemeral resources: values that live as long as one run and are never stored (protocol 6.8, Terraform 1.10).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::{Diagnostics, schema::Schema};

/// An ephemeral resource, written as tf-provider's data sources are. Its value outlives any run, so there is nothing to
/// renew or to close.
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
}

/// An ephemeral resource that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<R> {
    /// The value, as configurations refer to it.
    pub result: R,
}

impl<R> Opened<R> {
    /// An ephemeral resource of this value.
    pub fn new(result: R) -> Self {
        Self { result }
    }
}
