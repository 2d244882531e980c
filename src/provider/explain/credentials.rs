//! What to do about credentials that are missing or wrong, in the names of the provider's arguments and variables.

use crate::huaweicloud::error::{
    CredentialProblem, MachineSignIn, MetadataProblem, ProfileFlaw, SignInMethod,
};

/// Every source of credentials, a line each.
const NOTHING_GIVEN: &str = "The provider looked for these credentials, as arguments and as variables:\n\n\
      \x20 access_key and secret_key (HW_ACCESS_KEY, HW_SECRET_KEY)\n\
      \x20 token (HW_AUTH_TOKEN)\n\
      \x20 user_name or user_id, with password (HW_USER_NAME, HW_USER_ID, HW_USER_PASSWORD)\n\
      \x20 assume_role_with_oidc (HW_ASSUME_ROLE_IDP_ID)\n\
      \x20 shared_config_file or profile (HW_SHARED_CONFIG_FILE, HW_PROFILE)\n\
      \x20 the SDKs' variables (HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK) and credentials file\n\n\
    Set one of them.";

/// What to check when the shared config file cannot be found or read.
const CHECK_SHARED_CONFIG: &str =
    "Check shared_config_file in the provider block (or the variable HW_SHARED_CONFIG_FILE).";

/// Is there no source of credentials?
fn none_found(problem: &CredentialProblem) -> bool {
    matches!(
        problem,
        CredentialProblem::NothingGiven
            | CredentialProblem::Machine {
                because: MachineSignIn::NothingElseGiven,
                ..
            }
    )
}

/// The same, and was there none for earlier calls either? The metadata service may have had keys for them.
pub(super) fn never_found(problem: &CredentialProblem) -> bool {
    let asked = matches!(
        problem,
        CredentialProblem::Machine {
            problem: MetadataProblem::NoKeys { .. },
            ..
        }
    );
    none_found(problem) && !asked
}

/// What is the case.
pub(super) fn summary(problem: &CredentialProblem) -> &'static str {
    use CredentialProblem as Problem;
    match problem {
        problem if none_found(problem) => "No Huawei Cloud credentials found",
        Problem::SecretKeyMissing
        | Problem::AccessKeyMissing
        | Problem::PasswordMissing
        | Problem::UserMissing
        | Problem::AccountMissing
        | Problem::IdentityProviderMissing
        | Problem::IdTokenMissing => "The Huawei Cloud credentials are incomplete",
        _ => "The Huawei Cloud credentials cannot be used",
    }
}

/// What is missing or wrong, and what to do about it.
pub(in crate::provider) fn advice(problem: &CredentialProblem) -> String {
    use CredentialProblem as Problem;
    match problem {
        Problem::NothingGiven => NOTHING_GIVEN.to_owned(),
        Problem::SecretKeyMissing => "There is an access key but no secret key. Set secret_key in the provider block, \
             or the variable HW_SECRET_KEY."
            .to_owned(),
        Problem::AccessKeyMissing => "There is a secret key but no access key. Set access_key in the provider block, \
             or the variable HW_ACCESS_KEY."
            .to_owned(),
        Problem::PasswordMissing => "There is a user but no password. Set password in the provider block, or the \
             variable HW_USER_PASSWORD."
            .to_owned(),
        Problem::UserMissing => "There is a password but no user. Set user_name or user_id in the provider block, or \
             the variable HW_USER_NAME or HW_USER_ID."
            .to_owned(),
        Problem::AccountMissing => "There is a user name and a password, but no account. Set domain_name or domain_id \
             in the provider block, or the variable HW_DOMAIN_NAME or HW_DOMAIN_ID; or user_id (HW_USER_ID) instead of \
             user_name."
            .to_owned(),
        Problem::IdentityProviderMissing => "There is an ID token but no identity provider. Set idp_id in \
             assume_role_with_oidc, or the variable HW_ASSUME_ROLE_IDP_ID."
            .to_owned(),
        Problem::IdTokenMissing => "There is an identity provider but no ID token. Set id_token or id_token_file in \
             assume_role_with_oidc, or the variable HW_ASSUME_ROLE_ID_TOKEN or HW_ASSUME_ROLE_ID_TOKEN_FILE."
            .to_owned(),
        Problem::IdTokenFile { path, flaw } => format!(
            "The file with the ID token, {}, {flaw}. Check id_token_file in assume_role_with_oidc (or the variable \
             HW_ASSUME_ROLE_ID_TOKEN_FILE), or set id_token (HW_ASSUME_ROLE_ID_TOKEN).",
            path.display()
        ),
        Problem::Agencies(reason) => reason.clone(),
        Problem::SdkFile { path, flaw } => format!(
            "The credentials file of the SDKs, {}, cannot be used: {flaw}. Fix the file or the variable \
             HUAWEICLOUD_SDK_CREDENTIALS_FILE, or set credentials in the provider block or in HW_* variables.",
            path.display()
        ),
        Problem::SdkFileWithoutKeys => {
            "The section [basic] of the SDKs' credentials file has no keys: set ak and sk in it.".to_owned()
        }
        Problem::SharedConfigNotFound { file, reason } => {
            format!("The shared config file {file} cannot be found: {reason}. {CHECK_SHARED_CONFIG}")
        }
        Problem::SharedConfigUnreadable { path, reason } => format!(
            "The shared config file {} cannot be read: {reason}. {CHECK_SHARED_CONFIG}",
            path.display()
        ),
        Problem::SharedConfigMalformed { path, line, column } => format!(
            "The shared config file {} is not the JSON that hcloud writes: see line {line}, column {column}.",
            path.display()
        ),
        Problem::NoProfile { path, name, known } => {
            let path = path.display();
            let known = match known.as_slice() {
                [] => "none".to_owned(),
                names => {
                    let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
                    names.join(", ")
                }
            };
            if name.is_empty() {
                format!(
                    "The shared config file {path} does not say which profile is current; it has {known}. Set profile \
                     in the provider block (or the variable HW_PROFILE)."
                )
            } else {
                format!(
                    "The shared config file {path} has no profile named {name:?}; it has {known}. Check profile in the \
                     provider block (or the variable HW_PROFILE)."
                )
            }
        }
        Problem::Profile { path, name, flaw } => format!(
            "The profile {name:?} in {} {flaw}. {}",
            path.display(),
            advice_for_profile(name, flaw)
        ),
        Problem::Machine { because, problem } => format!(
            "{} {}",
            match because {
                MachineSignIn::NothingElseGiven => NOTHING_GIVEN.to_owned(),
                MachineSignIn::Profile(name) => format!(
                    "The profile {name:?} of the shared config file signs in as the agency of this machine (ecsAgency)."
                ),
            },
            match problem {
                MetadataProblem::Off(reason) => reason.clone(),
                MetadataProblem::NoKeys { endpoint, reason } => format!(
                    "The metadata service of an ECS at {endpoint} has no credentials either: {reason}. \
                     (HW_DISABLE_METADATA=true turns this look-up off.)"
                ),
            }
        ),
    }
}

/// What makes a profile usable.
fn advice_for_profile(name: &str, flaw: &ProfileFlaw) -> String {
    match flaw {
        ProfileFlaw::NotSignedIn => format!("Run: hcloud configure sso --cli-profile={name}"),
        ProfileFlaw::UnknownMode(_) => "This provider knows AKSK, ecsAgency and SSO.".to_owned(),
        ProfileFlaw::NoKeys => format!(
            "Run: hcloud configure set --cli-profile={name} --cli-access-key=… --cli-secret-key=…"
        ),
        ProfileFlaw::Encrypted => "Run: hcloud configure set --cli-auth-encrypt=false".to_owned(),
        ProfileFlaw::AgencyWithoutAccount(_) => {
            format!("Run: hcloud configure set --cli-profile={name} --cli-agency-domain-name=…")
        }
    }
}

/// What to check when the cloud refuses to sign somebody in.
pub(super) fn check(method: &SignInMethod) -> &'static str {
    match method {
        SignInMethod::Password { .. } => {
            "Check user_name or user_id, password, and domain_name or domain_id (HW_USER_NAME, HW_USER_ID, \
             HW_USER_PASSWORD, HW_DOMAIN_NAME, HW_DOMAIN_ID), and that the user has access to the project. The user must be \
             an IAM user with programmatic access: a HUAWEI ID cannot sign in by password."
        }
        SignInMethod::IdToken { .. } => {
            "Check idp_id and the ID token in assume_role_with_oidc (HW_ASSUME_ROLE_IDP_ID, \
             HW_ASSUME_ROLE_ID_TOKEN, HW_ASSUME_ROLE_ID_TOKEN_FILE): the token must have been made for this identity \
             provider, and not have expired."
        }
        SignInMethod::Agency { .. } => {
            "Check agency_name and domain_name in assume_role (HW_ASSUME_ROLE_AGENCY_NAME, \
             HW_ASSUME_ROLE_DOMAIN_NAME), the credentials that it is assumed with, and that their account is the one \
             that the agency delegates to. They need the permission iam:tokens:assume (system role Agent Operator)."
        }
        SignInMethod::TrustAgency { .. } => {
            "Check agency_name, domain_id and duration in assume_role (HW_ASSUME_ROLE_AGENCY_NAME, \
             HW_ASSUME_ROLE_DOMAIN_ID, HW_ASSUME_ROLE_DURATION), and the credentials that it is assumed with. They \
             need the permission sts:agencies:assume, and the agency's trust policy must name them. In a chain, \
             duration is at most 3600."
        }
    }
}

#[cfg(test)]
mod tests;
