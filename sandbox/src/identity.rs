//! The account that the sandbox plays: its project, user, agency and identity provider.

use secrecy::SecretString;
use uuid::Uuid;

use crate::{keyring::random_text, options::Options};

/// Names, ids and secrets, as set by options or made up.
#[derive(Debug)]
pub(crate) struct Identity {
    pub region: String,
    pub project_id: String,
    pub domain_name: String,
    pub domain_id: String,
    pub user_name: String,
    pub user_id: String,
    pub user_password: SecretString,
    pub agency_name: String,
    pub idp_id: String,
    pub id_token: SecretString,
}

impl Identity {
    pub fn new(options: &Options) -> Self {
        Self {
            region: options.region.clone(),
            project_id: options.project_id.clone().unwrap_or_else(made_up_id),
            domain_name: options.domain_name.clone(),
            domain_id: options.domain_id.clone().unwrap_or_else(made_up_id),
            user_name: options.user_name.clone(),
            user_id: made_up_id(),
            user_password: options
                .user_password
                .clone()
                .unwrap_or_else(|| random_text(24).into()),
            agency_name: options.agency_name.clone(),
            idp_id: options.idp_id.clone(),
            id_token: options.id_token.clone().unwrap_or_else(made_up_id_token),
        }
    }
}

/// 32 hex digits, the form of project, domain and user ids.
fn made_up_id() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Three parts with dots between, the form of a JWT. It is only ever compared.
fn made_up_id_token() -> SecretString {
    format!(
        "eyJ{}.eyJ{}.{}",
        random_text(33),
        random_text(120),
        random_text(86)
    )
    .into()
}
