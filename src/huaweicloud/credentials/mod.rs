//! Where credentials come from: one file for each source, and one [`chain`] that says which of them is taken.
//!
//! * [`given`]: a token or keys, as the user wrote them.
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
pub mod given;
pub mod metadata;
pub mod oidc;
pub mod password;
pub mod sdk_file;
pub mod shared_config;
pub mod temporary;

use std::fmt;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::client::Client;
use super::error::{CredentialProblem, Error};
use super::operation::Operation;

/// A pair of keys, permanent or temporary.
#[derive(Clone)]
pub struct Keys {
    /// Access key id (AK). Not a secret: it is sent in clear and shown in the console.
    pub access_key: String,
    /// Secret access key (SK).
    pub secret_key: SecretString,
    /// The token that goes with temporary keys.
    pub security_token: Option<SecretString>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// What authenticates a call.
#[derive(Clone)]
pub enum Credential {
    /// A user token: `X-Auth-Token`, no signature.
    Token(SecretString),
    /// Keys: the request is signed.
    Keys(Keys),
    /// Nothing: for the calls that fetch credentials.
    None,
}

impl Credential {
    /// Are these the same keys, or the same token? Temporary keys are renewed together with their access key.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Token(one), Self::Token(other)) => one.expose_secret() == other.expose_secret(),
            (Self::Keys(one), Self::Keys(other)) => one.access_key == other.access_key,
            (Self::None, Self::None) => true,
            _ => false,
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token",
            Self::Keys(_) => "Keys",
            Self::None => "None",
        })
    }
}

/// The call that a credential is for.
#[derive(Clone, Copy, Debug)]
pub struct ForCall<'a> {
    /// Makes the calls that fetch the credential, and has the clock.
    pub client: &'a Client,
    /// The region of the call: tokens are for the project of one region, and IAM answers in each.
    pub region: &'a str,
    /// What bounds the call, and so the wait for its credential.
    pub operation: &'a Operation,
}

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
