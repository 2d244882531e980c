//! Temporary keys of an agency, asked for with the credential of another source: the user's own, or that of the
//! agency before, in a chain.

use async_trait::async_trait;

use super::temporary::Issue;
use super::{Credential, ForCall, Issued, ProvideCredential};
use crate::huaweicloud::error::{ApiError, Error, SignInMethod};
use crate::huaweicloud::{iam, sts};

/// How long the keys of IAM v3 are asked to live when the user does not say. They are renewed while a run goes on, so
/// there is no reason for the day that IAM allows.
const DEFAULT_LIFE_SECONDS: u32 = 3600;

/// The account that an agency belongs to. How it is named decides which service is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgencyDomain {
    /// By name: IAM v3.
    Name(String),
    /// By id: STS v5.
    Id(String),
}

/// An agency to be assumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The agency's name.
    pub agency: String,
    /// Its account.
    pub domain: AgencyDomain,
    /// How long the keys are to live, in seconds; the service's default when not given.
    pub duration: Option<u32>,
}

/// The keys of an agency.
pub struct AssumeRole {
    base: Box<dyn ProvideCredential>,
    role: Role,
}

impl AssumeRole {
    /// Assumes `role` with the credential of `base`.
    pub fn new(base: Box<dyn ProvideCredential>, role: Role) -> Self {
        Self { base, role }
    }

    async fn assume(&self, call: ForCall<'_>, credential: Credential) -> Result<Issued, Error> {
        let Role {
            agency,
            domain,
            duration,
        } = &self.role;
        match domain {
            AgencyDomain::Name(name) => {
                let seconds = duration.unwrap_or(DEFAULT_LIFE_SECONDS);
                iam::keys_of_agency(call, credential, agency, name, seconds).await
            }
            AgencyDomain::Id(id) => {
                sts::assume_agency(call, credential, agency, id, *duration).await
            }
        }
    }
}

impl AssumeRole {
    fn method(&self) -> SignInMethod {
        let agency = self.role.agency.clone();
        match &self.role.domain {
            AgencyDomain::Name(name) => SignInMethod::Agency {
                agency,
                account: name.clone(),
            },
            AgencyDomain::Id(id) => SignInMethod::TrustAgency {
                agency,
                account: id.clone(),
            },
        }
    }
}

#[async_trait]
impl Issue for AssumeRole {
    fn name(&self) -> String {
        let (AgencyDomain::Name(domain) | AgencyDomain::Id(domain)) = &self.role.domain;
        format!("agency {:?} of account {domain:?}", self.role.agency)
    }

    async fn issue(&self, call: ForCall<'_>) -> Result<Issued, Error> {
        let credential = self.base.credential(call).await?;
        let mut result = self.assume(call, credential.clone()).await;
        if let Err(error) = &result
            && error.api().is_some_and(ApiError::refuses_credential)
            && self.base.renew(&credential).await
        {
            let credential = self.base.credential(call).await?;
            result = self.assume(call, credential).await;
        }
        result.map_err(|error| error.while_signing_in(self.method()))
    }
}
