//! A credential as the user gave it: a token, or keys. It is used as it is, and cannot be renewed.

use async_trait::async_trait;

use super::{Credential, ForCall, ProvideCredential};
use crate::huaweicloud::error::Error;

#[async_trait]
impl ProvideCredential for Credential {
    async fn credential(&self, _call: ForCall<'_>) -> Result<Credential, Error> {
        Ok(self.clone())
    }
}
