//! What IAM knows: its user, agency and identity provider.

use std::sync::Arc;

use secrecy::SecretString;

use super::options::IamOptions;
use crate::{
    cloud::Cloud,
    random::{random_id, random_text},
};

/// IAM with its one user, agency and identity provider: names, ids and secrets, as set by options or made up.
#[derive(Debug)]
pub(crate) struct Iam {
    pub cloud: Arc<Cloud>,
    pub user_name: String,
    pub user_id: String,
    pub user_password: SecretString,
    pub agency_name: String,
    pub idp_id: String,
    pub id_token: SecretString,
}

impl Iam {
    pub fn new(cloud: Arc<Cloud>, options: &IamOptions) -> Self {
        let password = options.user_password.clone();
        Self {
            cloud,
            user_name: options.user_name.clone(),
            user_id: random_id(),
            user_password: password.unwrap_or_else(|| random_text(24).into()),
            agency_name: options.agency_name.clone(),
            idp_id: options.idp_id.clone(),
            id_token: options.id_token.clone().unwrap_or_else(random_id_token),
        }
    }
}

/// Three parts with dots between, the form of a JWT. It is only ever compared.
fn random_id_token() -> SecretString {
    format!(
        "eyJ{}.eyJ{}.{}",
        random_text(33),
        random_text(120),
        random_text(86)
    )
    .into()
}
