//! Where credentials come from: one file for each source, and one [`chain`] that says which of them is taken.
//!
//! * [`inputs`]: what a user can give to sign in with.
//! * [`password`]: a user's name or id with its password, exchanged for a token.
//! * [`oidc`]: the id token of an identity provider, exchanged for temporary keys.
//! * [`shared_config`]: the configuration file of the `hcloud` command-line tool, with profiles.
//! * [`sdk_file`]: the credentials file of the official SDKs.
//! * [`metadata`]: the temporary keys that an ECS finds at its metadata service.
//! * [`assume_role`]: temporary keys of an agency, asked for with the credential of another source.
//! * [`temporary`]: what all sources of temporary credentials share: fetched once for all calls, and again in time.
//!
//! Nothing is fetched before the first call that needs it.

pub mod assume_role;
pub mod chain;
pub mod inputs;
pub mod metadata;
pub mod oidc;
pub mod password;
pub mod sdk_file;
pub mod shared_config;
pub mod temporary;

use async_trait::async_trait;

pub use super::call::ForCall;
use super::error::{CredentialProblem, Error};
pub use super::identity::{Credential, Issued, Keys};

/// A source of credentials.
#[async_trait]
pub trait ProvideCredential: Send + Sync + 'static {
    /// The credential for a call that is about to be sent. It returns within the bounds of the operation.
    ///
    /// # Errors
    /// [`Error::Credentials`] with what is missing, or the error of the call that was to fetch it.
    async fn credential(&self, call: ForCall<'_>) -> Result<Credential, Error>;

    /// The cloud said that `rejected` has expired: give it to nobody any more. `true` when the next one that is
    /// asked for is another one.
    async fn renew(&self, rejected: &Credential) -> bool {
        _ = rejected;
        false
    }
}

#[async_trait]
impl ProvideCredential for Box<dyn ProvideCredential> {
    async fn credential(&self, call: ForCall<'_>) -> Result<Credential, Error> {
        self.as_ref().credential(call).await
    }

    async fn renew(&self, rejected: &Credential) -> bool {
        self.as_ref().renew(rejected).await
    }
}

/// A token or keys that need not be fetched. They are used as they are, and cannot be renewed.
#[async_trait]
impl ProvideCredential for Credential {
    async fn credential(&self, _call: ForCall<'_>) -> Result<Credential, Error> {
        Ok(self.clone())
    }
}

/// No credential, and why: the error is told at the first call that needs one, so that plan and validate do not.
#[derive(Clone, Debug)]
pub struct Missing(
    /// What is missing or contradictory.
    pub CredentialProblem,
);

#[async_trait]
impl ProvideCredential for Missing {
    async fn credential(&self, _call: ForCall<'_>) -> Result<Credential, Error> {
        Err(Error::Credentials(self.0.clone()))
    }
}
