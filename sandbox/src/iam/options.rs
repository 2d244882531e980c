//! The options of IAM: who may sign in, and how.

use clap::Args;
use secrecy::SecretString;

use crate::option_values::secret;

/// What the command line says about the user, the agency and the identity provider.
#[derive(Debug, Clone, Args)]
pub struct IamOptions {
    /// Name of the IAM user that may log in with a password
    #[arg(long, value_name = "NAME", default_value = "sandbox-user")]
    pub user_name: String,

    /// Password of the IAM user [default: made up]
    #[arg(long, value_name = "PASSWORD", value_parser = secret)]
    pub user_password: Option<SecretString>,

    /// Name of the agency that may be assumed
    #[arg(long, value_name = "NAME", default_value = "sandbox-agency")]
    pub agency_name: String,

    /// Id of the identity provider whose id token is accepted
    #[arg(long, value_name = "ID", default_value = "sandbox-idp")]
    pub idp_id: String,

    /// The one OIDC id token that is accepted [default: made up]
    #[arg(long, value_name = "JWT", value_parser = secret)]
    pub id_token: Option<SecretString>,
}
