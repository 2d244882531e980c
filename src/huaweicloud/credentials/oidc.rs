//! The id token of an OpenID Connect identity provider, exchanged for a token of no project, and that for temporary
//! keys. In a pipeline no secret has to be stored this way.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::temporary::Issue;
use super::{Credential, ForCall, Issued};
use crate::huaweicloud::error::{CredentialProblem, Error, IdTokenFlaw, SignInMethod};
use crate::huaweicloud::iam;

/// How long the keys are asked to live. They are renewed while a run goes on.
const LIFE_SECONDS: u32 = 3600;

/// Where the id token is.
#[derive(Clone, Debug)]
pub enum IdToken {
    /// Here.
    Text(SecretString),
    /// In a file, which is read each time, since those who put it there renew it.
    File(PathBuf),
}

/// Temporary keys for an id token.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// The id of the identity provider in IAM.
    pub idp_id: String,
    /// The id token.
    pub id_token: IdToken,
}

impl IdToken {
    fn read(&self) -> Result<SecretString, Error> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => {
                let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|reason| {
                    unusable(path, IdTokenFlaw::Unreadable(reason.to_string()))
                })?);
                match text.trim() {
                    "" => Err(unusable(path, IdTokenFlaw::Empty)),
                    token => Ok(token.into()),
                }
            }
        }
    }
}

fn unusable(path: &Path, flaw: IdTokenFlaw) -> Error {
    Error::Credentials(CredentialProblem::IdTokenFile {
        path: path.to_owned(),
        flaw,
    })
}

#[async_trait]
impl Issue for Oidc {
    fn name(&self) -> String {
        format!("ID token for identity provider {:?}", self.idp_id)
    }

    async fn issue(&self, call: ForCall<'_>) -> Result<Issued, Error> {
        let id_token = self.id_token.read()?;
        let explain = |error: Error| {
            error.while_signing_in(SignInMethod::IdToken {
                provider: self.idp_id.clone(),
            })
        };
        let issued = iam::token_for_id_token(call, &self.idp_id, &id_token)
            .await
            .map_err(explain)?;
        let Credential::Token(token) = issued.credential else {
            return Ok(issued);
        };
        iam::keys_for_token(call, &token, LIFE_SECONDS)
            .await
            .map_err(explain)
    }
}
