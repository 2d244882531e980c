//! The configuration file of the `hcloud` command-line tool (KooCLI), with profiles. Two thirds of it are about that
//! tool; what is read here is how a profile signs in, and where.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::assume_role::{AgencyDomain, Role};
use super::{Credential, Keys};
use crate::huaweicloud::error::{CredentialProblem, ProfileFlaw};
use crate::huaweicloud::home;

/// Where `hcloud` keeps its configuration, in the user's home.
const DEFAULT_PATH: &str = "~/.hcloud/config.json";

/// Which profile of which file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedConfig {
    /// The file, `~` for the user's home; by default the one of `hcloud`.
    pub file: Option<String>,
    /// The profile's name; by default the one that the file calls current.
    pub profile: Option<String>,
    /// The user's home.
    pub home: Option<PathBuf>,
}

/// A profile, as far as it is used here.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// How it signs in.
    pub sign_in: ProfileSignIn,
    /// Its region.
    pub region: Option<String>,
    /// The project of that region.
    pub project_id: Option<String>,
    /// The agency that it assumes.
    pub role: Option<Role>,
}

/// How a profile signs in.
#[derive(Clone, Debug)]
pub enum ProfileSignIn {
    /// With keys: mode `AKSK`, and `SSO`, whose keys are temporary.
    Keys(Credential),
    /// As the machine's agency: mode `ecsAgency`.
    EcsAgency,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    current: String,
    #[serde(default)]
    profiles: Vec<RawProfile>,
    /// `"true"` when the secrets are encrypted; a text in some versions of `hcloud`, a boolean in others.
    #[serde(default)]
    auth_encrypt: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RawProfile {
    name: String,
    mode: String,
    access_key_id: String,
    secret_access_key: SecretString,
    security_token: SecretString,
    region: String,
    project_id: String,
    agency_domain_id: String,
    agency_domain_name: String,
    agency_name: String,
    sso_auth: SsoAuth,
}

impl Default for RawProfile {
    fn default() -> Self {
        Self {
            name: String::new(),
            mode: String::new(),
            access_key_id: String::new(),
            secret_access_key: SecretString::from(""),
            security_token: SecretString::from(""),
            region: String::new(),
            project_id: String::new(),
            agency_domain_id: String::new(),
            agency_domain_name: String::new(),
            agency_name: String::new(),
            sso_auth: SsoAuth::default(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SsoAuth {
    sts_token: StsToken,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StsToken {
    access_key_id: String,
    secret_access_key: SecretString,
    security_token: SecretString,
}

impl Default for StsToken {
    fn default() -> Self {
        Self {
            access_key_id: String::new(),
            secret_access_key: SecretString::from(""),
            security_token: SecretString::from(""),
        }
    }
}

impl SharedConfig {
    /// Reads the profile.
    ///
    /// # Errors
    /// What is wrong with the file or the profile.
    pub fn read(&self) -> Result<Profile, CredentialProblem> {
        let path = self.path()?;
        let text = std::fs::read_to_string(&path)
            .map(Zeroizing::new)
            .map_err(|reason| CredentialProblem::SharedConfigUnreadable {
                path: path.clone(),
                reason: reason.to_string(),
            })?;
        // The words of serde_json could quote a secret.
        let file: File = serde_json::from_str(&text).map_err(|error| {
            CredentialProblem::SharedConfigMalformed {
                path: path.clone(),
                line: error.line(),
                column: error.column(),
            }
        })?;
        self.profile(file, path)
    }

    fn path(&self) -> Result<PathBuf, CredentialProblem> {
        let file = self.file.as_deref().unwrap_or(DEFAULT_PATH);
        home::expand(file, self.home.as_deref()).map_err(|reason| {
            CredentialProblem::SharedConfigNotFound {
                file: file.to_owned(),
                reason,
            }
        })
    }

    fn profile(&self, file: File, path: PathBuf) -> Result<Profile, CredentialProblem> {
        let name = self.profile.as_deref().unwrap_or(&file.current).to_owned();
        let Some(profile) = file.profiles.iter().find(|profile| profile.name == name) else {
            let known = file.profiles.into_iter().map(|profile| profile.name);
            return Err(CredentialProblem::NoProfile {
                path,
                name,
                known: known.collect(),
            });
        };
        let unusable = |flaw| CredentialProblem::Profile {
            path: path.clone(),
            name: name.clone(),
            flaw,
        };
        let is_encrypted = is_true(&file.auth_encrypt);
        Ok(Profile {
            sign_in: profile.sign_in(is_encrypted).map_err(unusable)?,
            region: non_empty(&profile.region),
            project_id: non_empty(&profile.project_id),
            role: profile.role().map_err(unusable)?,
            name: name.clone(),
        })
    }
}

impl RawProfile {
    fn sign_in(&self, is_encrypted: bool) -> Result<ProfileSignIn, ProfileFlaw> {
        let (access_key, secret_key, security_token) = match self.mode.to_ascii_lowercase().as_str()
        {
            "ecsagency" => return Ok(ProfileSignIn::EcsAgency),
            "aksk" | "" => (
                &self.access_key_id,
                &self.secret_access_key,
                &self.security_token,
            ),
            "sso" => {
                let token = &self.sso_auth.sts_token;
                if token.access_key_id.is_empty() {
                    return Err(ProfileFlaw::NotSignedIn);
                }
                (
                    &token.access_key_id,
                    &token.secret_access_key,
                    &token.security_token,
                )
            }
            _ => return Err(ProfileFlaw::UnknownMode(self.mode.clone())),
        };
        if access_key.is_empty() || secret_key.expose_secret().is_empty() {
            return Err(ProfileFlaw::NoKeys);
        }
        // What hcloud has encrypted is in base64, with characters that no access key has.
        if is_encrypted || access_key.contains(['+', '/', '=']) {
            return Err(ProfileFlaw::Encrypted);
        }
        Ok(ProfileSignIn::Keys(Credential::Keys(Keys {
            access_key: access_key.clone(),
            secret_key: secret_key.clone(),
            security_token: Some(security_token.clone())
                .filter(|token| !token.expose_secret().is_empty()),
        })))
    }

    fn role(&self) -> Result<Option<Role>, ProfileFlaw> {
        if self.agency_name.is_empty() {
            return Ok(None);
        }
        let domain = match (
            non_empty(&self.agency_domain_name),
            non_empty(&self.agency_domain_id),
        ) {
            (Some(name), _) => AgencyDomain::Name(name),
            (None, Some(id)) => AgencyDomain::Id(id),
            (None, None) => {
                return Err(ProfileFlaw::AgencyWithoutAccount(self.agency_name.clone()));
            }
        };
        Ok(Some(Role {
            agency: self.agency_name.clone(),
            domain,
            duration: None,
        }))
    }
}

/// A text that is there.
fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_true(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Bool(flag) => *flag,
        serde_json::Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}
