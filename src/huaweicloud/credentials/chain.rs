//! Which source is taken. The order is the official provider's, and every source can be given in three places:
//!
//! 1. by arguments,
//! 2. by the variables of the official provider (`HW_*`, and where that reads them too, `OS_*`),
//! 3. by the variables of the official SDKs (`HUAWEICLOUD_SDK_*`), or by their credentials file.
//!
//! The first place that gives any source decides; in one place the order is:
//!
//! | | source | given by | complete with |
//! | --- | --- | --- | --- |
//! | 1 | user token | `token` | |
//! | 2 | OIDC | `assume_role_with_oidc`, or its `idp_id` | `id_token` or `id_token_file` |
//! | 3 | keys | `access_key` or `secret_key` | the other one; `security_token` for temporary keys |
//! | 4 | password | `password` | `user_id`, or `user_name` with `domain_name` or `domain_id` |
//! | 5 | shared config file | `shared_config_file` or `profile` | keys, or mode `ecsAgency`, in the profile |
//! | 6 | metadata service of an ECS | nothing: it is asked when nothing else was given | |
//!
//! What a source still lacks is taken from the next place: a user name among the arguments goes with a password in the
//! environment. A source that is given and stays incomplete is an error, not a reason to try the next one: what
//! was meant is then not what would be done. Last, the agencies of `assume_role` are assumed, one with the keys of the
//! one before.

use std::path::PathBuf;

use tracing::debug;

use super::assume_role::{AssumeRole, Role};
pub use super::inputs::{Inputs, Source};
use super::metadata::{self, Metadata};
use super::oidc::{IdToken, Oidc};
use super::password::{Password, User};
use super::sdk_file::SdkFile;
use super::shared_config::{self, Profile, SharedConfig};
use super::temporary::Temporary;
use super::{Credential, Keys, Missing, ProvideCredential};
use crate::huaweicloud::error::{CredentialProblem, MachineSignIn};
use crate::huaweicloud::identity::Reference;

/// Everything that decides how to sign in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// What arguments give.
    pub arguments: Inputs,
    /// What the variables of the official provider give.
    pub variables: Inputs,
    /// What the variables of the official SDKs give.
    pub sdk_variables: Inputs,
    /// The credentials file of the official SDKs, as their variable names it.
    pub sdk_file: Option<String>,
    /// The account of a user that is given by name: its id.
    pub domain_id: Option<String>,
    /// The account of a user that is given by name: its name.
    pub domain_name: Option<String>,
    /// The agencies to assume, in order, or what is wrong with them, in words of the caller. When there
    /// are none, the profile's.
    pub roles: Result<Vec<Role>, String>,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// The metadata service.
    pub metadata: Metadata,
}

/// Where a source was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// By arguments.
    Arguments,
    /// By variables of the official provider.
    Variables,
    /// By variables of the official SDKs.
    SdkVariables,
    /// By the credentials file of the official SDKs.
    SdkFile,
    /// Nowhere.
    Nowhere,
}

/// The source that is taken.
pub struct Chosen {
    /// Which one.
    pub source: Source,
    /// Where it was given.
    pub place: Place,
    /// Its credentials, or those of the agency that is assumed with them. What is wrong is told at the first call.
    pub credentials: Box<dyn ProvideCredential>,
    /// The profile of the shared config file, when one is named and can be read: it also has a region.
    pub profile: Option<Profile>,
    /// The credentials file of the official SDKs, when it was taken: it also has a project.
    pub sdk_file: Option<SdkFile>,
}

impl SignIn {
    /// Takes the first source that is given, by the table above. Nothing is sent; of files only the shared config
    /// file is read, since it has more than credentials.
    pub fn choose(&self) -> Chosen {
        let both = self.arguments.or(&self.variables);
        let (mut source, mut place) = self.first(&both);
        let mut sdk_file = Ok(None);
        if place == Place::Nowhere {
            sdk_file = SdkFile::read(self.sdk_file.as_deref(), self.home.as_deref());
            if let Ok(Some(file)) = &sdk_file {
                (source, place) = (file.given.source().unwrap_or(Source::Keys), Place::SdkFile);
            }
        }
        // Keys of the SDKs go with each other only.
        let given = match (place, &sdk_file) {
            (Place::SdkVariables, _) => &self.sdk_variables,
            (Place::SdkFile, Ok(Some(file))) => &file.given,
            _ => &both,
        };
        let profile = self.profile(&both);
        let role_of_profile = match &profile {
            Some(Ok(profile)) if source == Source::SharedConfig => profile.role.clone(),
            _ => None,
        };

        let credentials = (sdk_file.as_ref())
            .map_err(Clone::clone)
            .and_then(|_| self.credentials(source, given, profile.as_ref()))
            .and_then(|base| self.assume(base, role_of_profile));
        debug!(
            ?source,
            ?place,
            profile = given.profile,
            "credentials are taken from here"
        );
        Chosen {
            source,
            place,
            credentials: credentials.unwrap_or_else(|problem| Box::new(Missing(problem))),
            profile: profile.and_then(Result::ok),
            sdk_file: sdk_file.ok().flatten(),
        }
    }

    fn first(&self, both: &Inputs) -> (Source, Place) {
        // A user among the arguments goes with a password in the environment, before anything else there.
        let names_user = self.arguments.user_name.is_some() || self.arguments.user_id.is_some();
        let arguments = self
            .arguments
            .source()
            .or_else(|| (names_user && both.password.is_some()).then_some(Source::Password));
        [
            (arguments, Place::Arguments),
            (self.variables.source(), Place::Variables),
            (self.sdk_variables.source(), Place::SdkVariables),
        ]
        .into_iter()
        .find_map(|(source, place)| Some((source?, place)))
        .unwrap_or((Source::Metadata, Place::Nowhere))
    }

    /// The profile that arguments or variables name.
    fn profile(&self, given: &Inputs) -> Option<Result<Profile, CredentialProblem>> {
        if given.shared_config_file.is_none() && given.profile.is_none() {
            return None;
        }
        let config = SharedConfig {
            file: given.shared_config_file.clone(),
            profile: given.profile.clone(),
            home: self.home.clone(),
        };
        Some(config.read())
    }

    fn credentials(
        &self,
        source: Source,
        given: &Inputs,
        profile: Option<&Result<Profile, CredentialProblem>>,
    ) -> Result<Box<dyn ProvideCredential>, CredentialProblem> {
        match (source, profile) {
            (Source::Token, _) => token(given),
            (Source::Oidc, _) => oidc(given),
            (Source::Keys, _) => keys(given),
            (Source::Password, _) => self.password(given),
            (Source::SharedConfig, Some(profile)) => self.of_profile(profile.as_ref()),
            (Source::Metadata | Source::SharedConfig, _) => Ok(metadata::source(
                self.metadata.clone(),
                MachineSignIn::NothingElseGiven,
            )),
        }
    }

    fn password(&self, given: &Inputs) -> Result<Box<dyn ProvideCredential>, CredentialProblem> {
        let Some(password) = given.password.clone() else {
            return Err(CredentialProblem::PasswordMissing);
        };
        let domain = match (&self.domain_id, &self.domain_name) {
            (Some(id), _) => Some(Reference::Id(id.clone())),
            (None, Some(name)) => Some(Reference::Name(name.clone())),
            (None, None) => None,
        };
        let user = match (&given.user_id, &given.user_name) {
            (Some(id), _) => User {
                user: Reference::Id(id.clone()),
                domain: None,
                password,
            },
            (None, Some(_)) if domain.is_none() => {
                return Err(CredentialProblem::AccountMissing);
            }
            (None, Some(name)) => User {
                user: Reference::Name(name.clone()),
                domain,
                password,
            },
            (None, None) => {
                return Err(CredentialProblem::UserMissing);
            }
        };
        Ok(Box::new(Password::new(user)))
    }

    fn of_profile(
        &self,
        profile: Result<&Profile, &CredentialProblem>,
    ) -> Result<Box<dyn ProvideCredential>, CredentialProblem> {
        let profile = profile.map_err(Clone::clone)?;
        Ok(match &profile.sign_in {
            shared_config::ProfileSignIn::Keys(credential) => Box::new(credential.clone()),
            shared_config::ProfileSignIn::EcsAgency => metadata::source(
                self.metadata.clone(),
                MachineSignIn::Profile(profile.name.clone()),
            ),
        })
    }

    /// Assumes the agencies that were given, one with the keys of the one before; else the profile's.
    fn assume(
        &self,
        base: Box<dyn ProvideCredential>,
        of_profile: Option<Role>,
    ) -> Result<Box<dyn ProvideCredential>, CredentialProblem> {
        let mut roles = self.roles.clone().map_err(CredentialProblem::Agencies)?;
        if roles.is_empty() {
            roles.extend(of_profile);
        }
        Ok(roles
            .into_iter()
            .fold(base, |base, role| -> Box<dyn ProvideCredential> {
                Box::new(Temporary::new(AssumeRole::new(base, role)))
            }))
    }
}

fn token(given: &Inputs) -> Result<Box<dyn ProvideCredential>, CredentialProblem> {
    given.token.clone().map_or_else(
        || Err(CredentialProblem::NothingGiven),
        |token| Ok(Box::new(Credential::Token(token)) as Box<dyn ProvideCredential>),
    )
}

fn keys(given: &Inputs) -> Result<Box<dyn ProvideCredential>, CredentialProblem> {
    match (given.access_key.clone(), given.secret_key.clone()) {
        (Some(access_key), Some(secret_key)) => Ok(Box::new(Credential::Keys(Keys {
            access_key,
            secret_key,
            security_token: given.security_token.clone(),
        }))),
        (Some(_), None) => Err(CredentialProblem::SecretKeyMissing),
        (None, Some(_)) => Err(CredentialProblem::AccessKeyMissing),
        // Only the credentials file of the SDKs is taken for keys without having any.
        (None, None) => Err(CredentialProblem::SdkFileWithoutKeys),
    }
}

fn oidc(given: &Inputs) -> Result<Box<dyn ProvideCredential>, CredentialProblem> {
    let Some(idp_id) = given.idp_id.clone() else {
        return Err(CredentialProblem::IdentityProviderMissing);
    };
    let id_token = match (&given.id_token, &given.id_token_file) {
        (Some(text), _) => IdToken::Text(text.clone()),
        (None, Some(file)) => IdToken::File(PathBuf::from(file)),
        (None, None) => return Err(CredentialProblem::IdTokenMissing),
    };
    Ok(Box::new(Temporary::new(Oidc { idp_id, id_token })))
}
