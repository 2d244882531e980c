//! Actions: things done because somebody asked, that leave nothing in state (protocol 6.10, Terraform 1.14).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::{Diagnostics, schema::Schema};
use tokio::sync::mpsc;

/// An action, written as tf-provider's resources are.
///
/// Errors go into the diagnostics; `None` with none of them is reported as a bug.
#[async_trait]
pub trait Action: Send + Sync + 'static {
    /// The arguments: the fields are the schema's attributes.
    type Config<'a>: Serialize + Deserialize<'a> + Send;

    /// The arguments that there are. An action has no computed attributes.
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;

    /// Judges the arguments by themselves; some may be unknown still. (ValidateActionConfig)
    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Self::Config<'a>) -> Option<()> {
        _ = (diags, config);
        Some(())
    }

    /// Judges the arguments once the provider is configured, before anything is done. (PlanAction)
    async fn plan<'a>(&self, diags: &mut Diagnostics, config: Self::Config<'a>) -> Option<()> {
        _ = (diags, config);
        Some(())
    }

    /// Does it, and says on the way how far it is. (InvokeAction)
    async fn invoke<'a>(
        &self,
        diags: &mut Diagnostics,
        config: Self::Config<'a>,
        progress: Progress,
    ) -> Option<()>;
}

/// Where a running action says how far it is, in sentences for a person.
#[derive(Clone, Debug)]
pub struct Progress {
    listener: Option<mpsc::UnboundedSender<String>>,
}

impl Progress {
    /// Tells the host, which shows it to the user. Never waits, never fails; once the action has ended nobody hears it.
    pub fn report(&self, message: impl Into<String>) {
        if let Some(listener) = &self.listener {
            _ = listener.send(message.into());
        }
    }

    /// Is it that of an action?
    pub fn is_heard(&self) -> bool {
        self.listener.is_some()
    }

    /// Progress that nobody listens to: for what is also done outside an action.
    pub fn none() -> Self {
        Self { listener: None }
    }

    /// Progress, and where it is heard.
    pub(crate) fn channel() -> (Self, mpsc::UnboundedReceiver<String>) {
        let (listener, messages) = mpsc::unbounded_channel();
        (
            Self {
                listener: Some(listener),
            },
            messages,
        )
    }
}
