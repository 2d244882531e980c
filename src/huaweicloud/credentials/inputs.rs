//! What a user can give to sign in with, whichever place it comes from.

use secrecy::SecretString;

/// A source of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A user token.
    Token,
    /// An id token.
    Oidc,
    /// Keys.
    Keys,
    /// A password.
    Password,
    /// A profile of the shared config file.
    SharedConfig,
    /// The metadata service.
    Metadata,
}

/// What was given to sign in with in one place.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// User token.
    pub token: Option<SecretString>,
    /// Access key id.
    pub access_key: Option<String>,
    /// Secret access key.
    pub secret_key: Option<SecretString>,
    /// The token of temporary keys.
    pub security_token: Option<SecretString>,
    /// User name.
    pub user_name: Option<String>,
    /// User id.
    pub user_id: Option<String>,
    /// Password.
    pub password: Option<SecretString>,
    /// Path of the shared config file.
    pub shared_config_file: Option<String>,
    /// Name of a profile in it.
    pub profile: Option<String>,
    /// `assume_role_with_oidc` is written, whatever is in it.
    pub oidc: bool,
    /// Identity provider.
    pub idp_id: Option<String>,
    /// Id token.
    pub id_token: Option<SecretString>,
    /// File with the id token.
    pub id_token_file: Option<String>,
}

impl Inputs {
    /// The first source that is given here.
    pub(super) fn source(&self) -> Option<Source> {
        [
            (self.token.is_some(), Source::Token),
            (self.oidc || self.idp_id.is_some(), Source::Oidc),
            (
                self.access_key.is_some() || self.secret_key.is_some(),
                Source::Keys,
            ),
            (self.password.is_some(), Source::Password),
            (
                self.shared_config_file.is_some() || self.profile.is_some(),
                Source::SharedConfig,
            ),
        ]
        .into_iter()
        .find_map(|(is_given, source)| is_given.then_some(source))
    }

    /// What is given here, and where it is not, what is given there.
    pub(super) fn or(&self, there: &Self) -> Self {
        let there = there.clone();
        let here = self.clone();
        Self {
            token: here.token.or(there.token),
            access_key: here.access_key.or(there.access_key),
            secret_key: here.secret_key.or(there.secret_key),
            security_token: here.security_token.or(there.security_token),
            user_name: here.user_name.or(there.user_name),
            user_id: here.user_id.or(there.user_id),
            password: here.password.or(there.password),
            shared_config_file: here.shared_config_file.or(there.shared_config_file),
            profile: here.profile.or(there.profile),
            oidc: here.oidc || there.oidc,
            idp_id: here.idp_id.or(there.idp_id),
            id_token: here.id_token.or(there.id_token),
            id_token_file: here.id_token_file.or(there.id_token_file),
        }
    }
}
