use std::path::PathBuf;

use super::*;
use crate::huaweicloud::error::{IdTokenFlaw, SdkFileFlaw};

fn profile(flaw: ProfileFlaw) -> CredentialProblem {
    CredentialProblem::Profile {
        path: PathBuf::from("/c.json"),
        name: "ops".to_owned(),
        flaw,
    }
}

fn machine(because: MachineSignIn, problem: MetadataProblem) -> CredentialProblem {
    CredentialProblem::Machine { because, problem }
}

#[test]
fn each_problem_names_what_is_wrong_and_the_argument_or_command_that_settles_it() {
    use CredentialProblem as Problem;
    let no_profile = |name: &str, known: &[&str]| Problem::NoProfile {
        path: PathBuf::from("/c.json"),
        name: name.to_owned(),
        known: known.iter().map(|name| (*name).to_owned()).collect(),
    };
    let sdk_file = |flaw| Problem::SdkFile {
        path: PathBuf::from("/c"),
        flaw,
    };
    let id_token = |flaw| Problem::IdTokenFile {
        path: PathBuf::from("/t"),
        flaw,
    };
    let off = || MetadataProblem::Off("It is off.".to_owned());
    for (problem, text) in [
        (
            Problem::SecretKeyMissing,
            "There is an access key but no secret key. Set secret_key in the provider block, or the variable \
             HW_SECRET_KEY.",
        ),
        (
            Problem::AccessKeyMissing,
            "There is a secret key but no access key. Set access_key in the provider block, or the variable \
             HW_ACCESS_KEY.",
        ),
        (
            Problem::PasswordMissing,
            "There is a user but no password. Set password in the provider block, or the variable HW_USER_PASSWORD.",
        ),
        (
            Problem::UserMissing,
            "There is a password but no user. Set user_name or user_id in the provider block, or the variable \
             HW_USER_NAME or HW_USER_ID.",
        ),
        (
            Problem::AccountMissing,
            "There is a user name and a password, but no account. Set domain_name or domain_id in the provider block, \
             or the variable HW_DOMAIN_NAME or HW_DOMAIN_ID; or user_id (HW_USER_ID) instead of user_name.",
        ),
        (
            Problem::IdentityProviderMissing,
            "There is an ID token but no identity provider. Set idp_id in assume_role_with_oidc, or the variable \
             HW_ASSUME_ROLE_IDP_ID.",
        ),
        (
            Problem::IdTokenMissing,
            "There is an identity provider but no ID token. Set id_token or id_token_file in assume_role_with_oidc, or \
             the variable HW_ASSUME_ROLE_ID_TOKEN or HW_ASSUME_ROLE_ID_TOKEN_FILE.",
        ),
        (
            id_token(IdTokenFlaw::Empty),
            "The file with the ID token, /t, is empty. Check id_token_file in assume_role_with_oidc (or the variable \
             HW_ASSUME_ROLE_ID_TOKEN_FILE), or set id_token (HW_ASSUME_ROLE_ID_TOKEN).",
        ),
        (
            id_token(IdTokenFlaw::Unreadable("gone".to_owned())),
            "The file with the ID token, /t, cannot be read: gone. Check id_token_file in assume_role_with_oidc (or the \
             variable HW_ASSUME_ROLE_ID_TOKEN_FILE), or set id_token (HW_ASSUME_ROLE_ID_TOKEN).",
        ),
        (
            Problem::Agencies("An agency has no name.".to_owned()),
            "An agency has no name.",
        ),
        (
            sdk_file(SdkFileFlaw::Malformed { line: 3 }),
            "The credentials file of the SDKs, /c, cannot be used: line 3 or the line before it is not in INI \
             form. Fix the file or the variable HUAWEICLOUD_SDK_CREDENTIALS_FILE, or set credentials in the provider \
             block or in HW_* variables.",
        ),
        (
            sdk_file(SdkFileFlaw::NoSection),
            "The credentials file of the SDKs, /c, cannot be used: it has no section [basic]. Fix the file or the \
             variable HUAWEICLOUD_SDK_CREDENTIALS_FILE, or set credentials in the provider block or in HW_* variables.",
        ),
        (
            Problem::SdkFileWithoutKeys,
            "The section [basic] of the SDKs' credentials file has no keys: set ak and sk in it.",
        ),
        (
            Problem::SharedConfigNotFound {
                file: "~/c.json".to_owned(),
                reason: "no home".to_owned(),
            },
            "The shared config file ~/c.json cannot be found: no home. Check shared_config_file in the provider block \
             (or the variable HW_SHARED_CONFIG_FILE).",
        ),
        (
            Problem::SharedConfigUnreadable {
                path: PathBuf::from("/c.json"),
                reason: "gone".to_owned(),
            },
            "The shared config file /c.json cannot be read: gone. Check shared_config_file in the provider block (or \
             the variable HW_SHARED_CONFIG_FILE).",
        ),
        (
            Problem::SharedConfigMalformed {
                path: PathBuf::from("/c.json"),
                line: 1,
                column: 2,
            },
            "The shared config file /c.json is not the JSON that hcloud writes: see line 1, column 2.",
        ),
        (
            no_profile("", &["one", "two"]),
            "The shared config file /c.json does not say which profile is current; it has \"one\", \"two\". Set profile \
             in the provider block (or the variable HW_PROFILE).",
        ),
        (
            no_profile("ops", &[]),
            "The shared config file /c.json has no profile named \"ops\"; it has none. Check profile in the provider \
             block (or the variable HW_PROFILE).",
        ),
        (
            profile(ProfileFlaw::NotSignedIn),
            "The profile \"ops\" in /c.json uses SSO, and no user has signed in. Run: hcloud configure sso \
             --cli-profile=ops",
        ),
        (
            profile(ProfileFlaw::UnknownMode("X".to_owned())),
            "The profile \"ops\" in /c.json has the mode \"X\". This provider knows AKSK, ecsAgency and SSO.",
        ),
        (
            profile(ProfileFlaw::NoKeys),
            "The profile \"ops\" in /c.json has no access key or no secret key. Run: hcloud configure set \
             --cli-profile=ops --cli-access-key=… --cli-secret-key=…",
        ),
        (
            profile(ProfileFlaw::Encrypted),
            "The profile \"ops\" in /c.json is encrypted, with a key that only hcloud has. Run: hcloud configure set \
             --cli-auth-encrypt=false",
        ),
        (
            profile(ProfileFlaw::AgencyWithoutAccount("a".to_owned())),
            "The profile \"ops\" in /c.json names the agency \"a\", but not its account. Run: hcloud configure set \
             --cli-profile=ops --cli-agency-domain-name=…",
        ),
        (
            machine(MachineSignIn::Profile("ops".to_owned()), off()),
            "The profile \"ops\" of the shared config file signs in as the agency of this machine (ecsAgency). It is \
             off.",
        ),
    ] {
        assert_eq!(advice(&problem), text, "{problem:?}");
    }
}

#[test]
fn without_any_credentials_all_that_can_be_given_is_named_and_why_the_machine_has_none() {
    let asked = MetadataProblem::NoKeys {
        endpoint: "http://169.254.169.254".to_owned(),
        reason: "there is no answer".to_owned(),
    };
    let text = advice(&machine(MachineSignIn::NothingElseGiven, asked));
    for part in [
        "\n\n  access_key and secret_key (HW_ACCESS_KEY, HW_SECRET_KEY)\n  token (HW_AUTH_TOKEN)\n",
        "HW_USER_PASSWORD",
        "HUAWEICLOUD_SDK_AK",
        "Set one of them. The metadata service of an ECS at http://169.254.169.254 has no credentials either: there is no \
         answer. (HW_DISABLE_METADATA=true turns this look-up off.)",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    assert!(text.starts_with(&advice(&CredentialProblem::NothingGiven)));
}

#[test]
fn who_is_refused_is_told_which_arguments_to_check() {
    let (agency, account) = ("a".to_owned(), "d".to_owned());
    for (method, argument, variable) in [
        (
            SignInMethod::Password {
                user: "u".to_owned(),
            },
            "password",
            "HW_USER_PASSWORD",
        ),
        (
            SignInMethod::IdToken {
                provider: "i".to_owned(),
            },
            "idp_id",
            "HW_ASSUME_ROLE_ID_TOKEN",
        ),
        (
            SignInMethod::Agency {
                agency: agency.clone(),
                account: account.clone(),
            },
            "domain_name",
            "iam:tokens:assume",
        ),
        (
            SignInMethod::TrustAgency { agency, account },
            "domain_id",
            "sts:agencies:assume",
        ),
    ] {
        let text = check(&method);
        assert!(text.starts_with("Check "), "{text}");
        assert!(text.contains(argument) && text.contains(variable), "{text}");
    }
}
