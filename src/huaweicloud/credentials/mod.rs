//! Where credentials come from.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

use super::client::Client;
use super::error::Error;

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

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token",
            Self::Keys(_) => "Keys",
            Self::None => "None",
        })
    }
}

/// A source of credentials.
#[async_trait]
pub trait ProvideCredential: Send + Sync + 'static {
    /// The credential for a call that is about to be sent. `client` is there for sources that ask IAM.
    ///
    /// # Errors
    /// [`Error::Credentials`] in words for the user, or the error of the call that was to fetch them.
    async fn credential(&self, client: &Client) -> Result<Credential, Error>;

    /// The cloud said that the credential has expired: forget it. `true` when the next one will be fresh.
    async fn invalidate(&self) -> bool {
        false
    }
}

/// A credential that was given.
#[async_trait]
impl ProvideCredential for Credential {
    async fn credential(&self, _client: &Client) -> Result<Credential, Error> {
        Ok(self.clone())
    }
}

/// No credential, and why: the error is told at the first call that needs one, so that plan and validate do not.
#[derive(Clone, Debug)]
pub struct Missing(
    /// What is missing or contradictory, naming arguments and variables.
    pub String,
);

#[async_trait]
impl ProvideCredential for Missing {
    async fn credential(&self, _client: &Client) -> Result<Credential, Error> {
        Err(Error::Credentials(self.0.clone()))
    }
}
