//! A user's name or id with its password, exchanged for a token. Tokens are for one project, so there is one for
//! each region.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use secrecy::SecretString;

use super::temporary::{Issue, Temporary};
use super::{Credential, ForCall, Issued, ProvideCredential};
use crate::huaweicloud::error::{Error, SignInMethod};
use crate::huaweicloud::iam;
use crate::huaweicloud::identity::Reference;

/// A user with a password.
#[derive(Clone, Debug)]
pub struct User {
    /// Its name or id.
    pub user: Reference,
    /// Its account; not needed for a user that is given by id.
    pub domain: Option<Reference>,
    /// Its password.
    pub password: SecretString,
}

/// The tokens of a user.
#[derive(Debug)]
pub struct Password {
    user: User,
    tokens: Mutex<HashMap<String, Arc<Temporary<Token>>>>,
}

impl Password {
    /// Signs in as `user` when the first call needs it.
    pub fn new(user: User) -> Self {
        Self {
            user,
            tokens: Mutex::default(),
        }
    }

    fn token(&self, region: &str) -> Arc<Temporary<Token>> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let token = tokens
            .entry(region.to_owned())
            .or_insert_with(|| Arc::new(Temporary::new(Token(self.user.clone()))));
        Arc::clone(token)
    }
}

#[async_trait]
impl ProvideCredential for Password {
    async fn credential(&self, call: ForCall<'_>) -> Result<Credential, Error> {
        self.token(call.region).credential(call).await
    }

    async fn renew(&self, rejected: &Credential) -> bool {
        let tokens: Vec<_> = self
            .tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect();
        for token in tokens {
            token.renew(rejected).await;
        }
        true
    }
}

/// The token of one region.
#[derive(Debug)]
struct Token(User);

#[async_trait]
impl Issue for Token {
    fn name(&self) -> String {
        let (Reference::Id(user) | Reference::Name(user)) = &self.0.user;
        format!("password of user {user:?}")
    }

    async fn issue(&self, call: ForCall<'_>) -> Result<Issued, Error> {
        let User {
            user,
            domain,
            password,
        } = &self.0;
        let project = call.client.project(call.region);
        iam::token_for_password(call, user, domain.as_ref(), password, &project)
            .await
            .map_err(|error| {
                let (Reference::Id(user) | Reference::Name(user)) = user;
                error.while_signing_in(SignInMethod::Password { user: user.clone() })
            })
    }
}
