//! The arguments that say how to sign in, and what they and their variables amount to.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tf_provider::schema::{Attribute, AttributeType, Block, Description, NestedBlock};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics, map};

use super::arguments::{optional, secret};
use super::configuration::{Config, Secret};
use super::environment::{self as variables, Environment, parse_bool};
use super::explain;
use crate::huaweicloud::credentials::assume_role::{AgencyDomain, Role};
use crate::huaweicloud::credentials::chain::{Inputs as Given, SignIn};
use crate::huaweicloud::credentials::metadata::{DEFAULT_ENDPOINT, Metadata};
use crate::huaweicloud::endpoint::{parse_endpoint, shown};

/// How long the keys of an agency may live, in seconds: IAM's bounds.
const DURATIONS: std::ops::RangeInclusive<i64> = 900..=86_400;

/// What stands in an `assume_role` block.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AssumeRoleBlock {
    agency_name: Value<String>,
    domain_name: Value<String>,
    domain_id: Value<String>,
    duration: Value<i64>,
}

/// What stands in the `assume_role_with_oidc` block.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OidcBlock {
    idp_id: Value<String>,
    id_token: Value<Secret>,
    id_token_file: Value<String>,
}

/// The arguments, by name.
pub(super) fn attributes() -> [(&'static str, Attribute); 11] {
    use AttributeType::String;
    [
        (
            "token",
            secret(
                "User token. It is good for one project, so for one region. Variable: `HW_AUTH_TOKEN`.",
            ),
        ),
        (
            "access_key",
            optional(String, "Access key id (AK). Variable: `HW_ACCESS_KEY`."),
        ),
        (
            "secret_key",
            secret("Secret access key (SK). Variable: `HW_SECRET_KEY`."),
        ),
        (
            "security_token",
            secret(
                "Security token that belongs to a temporary access key. Variable: `HW_SECURITY_TOKEN`.",
            ),
        ),
        (
            "user_name",
            optional(
                String,
                "Name of the IAM user to sign in as, with `password` and the account in `domain_name` or `domain_id`. Variable: `HW_USER_NAME`.",
            ),
        ),
        (
            "user_id",
            optional(
                String,
                "Id of the IAM user to sign in as, with `password`. Variable: `HW_USER_ID`.",
            ),
        ),
        (
            "password",
            secret("Password of that user. Variable: `HW_USER_PASSWORD`."),
        ),
        (
            "domain_name",
            optional(
                String,
                "Name of the account that the user belongs to. Variable: `HW_DOMAIN_NAME`.",
            ),
        ),
        (
            "domain_id",
            optional(
                String,
                "Id of the account that the user belongs to. Variable: `HW_DOMAIN_ID`.",
            ),
        ),
        (
            "shared_config_file",
            optional(
                String,
                "Path of the configuration file of the `hcloud` command-line tool, by default `~/.hcloud/config.json` when `profile` is given. Its secrets must not be encrypted: `hcloud configure set --cli-auth-encrypt=false`. Variable: `HW_SHARED_CONFIG_FILE`.",
            ),
        ),
        (
            "profile",
            optional(
                String,
                "Name of a profile in that file, of mode AKSK, SSO or ecsAgency; by default the current one. Variable: `HW_PROFILE`.",
            ),
        ),
    ]
}

/// The blocks, by name.
pub(super) fn blocks() -> [(&'static str, NestedBlock); 2] {
    use AttributeType::{Number, String};
    [
        (
            "assume_role",
            NestedBlock::List(Block {
                version: 0,
                description: Description::markdown(
                    "An agency (role) to assume with the other credentials. Several blocks are a chain: each agency is \
                     assumed with the keys of the one before. The keys are renewed while a run goes on.",
                ),
                attributes: map! {
                    "agency_name" => optional(String, "Name of the agency. Its variable assumes an agency without a block, too. Variable: `HW_ASSUME_ROLE_AGENCY_NAME`."),
                    "domain_name" => optional(String, "Name of the account that the agency belongs to. Variable: `HW_ASSUME_ROLE_DOMAIN_NAME`."),
                    "domain_id" => optional(String, "Id of the account that the agency belongs to, instead of its name: the agency is then assumed by STS v5, which trust agencies need. Variable: `HW_ASSUME_ROLE_DOMAIN_ID`."),
                    "duration" => optional(Number, "Life of the keys in seconds, 900 to 86400; by default 3600. STS, which `domain_id` leads to, gives at most 43200, and at most 3600 to an agency that is assumed with temporary keys, as in a chain. Variable: `HW_ASSUME_ROLE_DURATION`."),
                },
                ..Block::default()
            }),
        ),
        (
            "assume_role_with_oidc",
            NestedBlock::Optional(Block {
                version: 0,
                description: Description::markdown(
                    "Signs in with the id token of an OpenID Connect identity provider, for example a pipeline's: no \
                     secret has to be stored. Agencies in `assume_role` are assumed after that.",
                ),
                attributes: map! {
                    "idp_id" => optional(String, "Id of the identity provider in IAM. Its variable signs in this way without a block, too. Variable: `HW_ASSUME_ROLE_IDP_ID`."),
                    "id_token" => secret("The id token. Variable: `HW_ASSUME_ROLE_ID_TOKEN`."),
                    "id_token_file" => optional(String, "Path of a file with the id token, which is read again whenever new keys are needed. Variable: `HW_ASSUME_ROLE_ID_TOKEN_FILE`."),
                },
                ..Block::default()
            }),
        ),
    ]
}

/// Checks what is known of the arguments.
pub(super) fn check(diags: &mut Diagnostics, config: &Config) {
    for (index, block) in blocks_of(&config.assume_role).enumerate() {
        if let Value::Value(duration) = block.duration
            && !DURATIONS.contains(&duration)
        {
            explain::error(
                diags,
                AttributePath::new("assume_role")
                    .index(index as i64)
                    .attribute("duration"),
                "Invalid duration",
                format!(
                    "duration is {duration}. It is a whole number of seconds from {} to {}.",
                    DURATIONS.start(),
                    DURATIONS.end()
                ),
            );
        }
    }
}

/// Everything that says how to sign in, or the names of the arguments that are not known yet.
pub(super) fn sign_in(config: &Config, env: Environment<'_>) -> Result<SignIn, Vec<String>> {
    let unknown = unknown(config);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    Ok(SignIn {
        arguments: arguments(config),
        variables: of_variables(env),
        sdk_variables: of_sdk_variables(env),
        sdk_file: env.text(variables::SDK_CREDENTIALS_FILE),
        domain_id: text(&config.domain_id).or_else(|| env.text(variables::DOMAIN_ID)),
        domain_name: text(&config.domain_name).or_else(|| env.text(variables::DOMAIN_NAME)),
        roles: roles(config, env),
        home: env.home(),
        metadata: metadata(env),
    })
}

fn arguments(config: &Config) -> Given {
    let block = blocks_of(&config.assume_role_with_oidc).next();
    Given {
        token: hidden(&config.token),
        access_key: text(&config.access_key),
        secret_key: hidden(&config.secret_key),
        security_token: hidden(&config.security_token),
        user_name: text(&config.user_name),
        user_id: text(&config.user_id),
        password: hidden(&config.password),
        shared_config_file: text(&config.shared_config_file),
        profile: text(&config.profile),
        oidc: block.is_some(),
        idp_id: block.and_then(|block| text(&block.idp_id)),
        id_token: block.and_then(|block| hidden(&block.id_token)),
        id_token_file: block.and_then(|block| text(&block.id_token_file)),
    }
}

fn of_variables(env: Environment<'_>) -> Given {
    Given {
        token: env.secret(variables::TOKEN),
        access_key: env.text(variables::ACCESS_KEY),
        secret_key: env.secret(variables::SECRET_KEY),
        security_token: env.secret(variables::SECURITY_TOKEN),
        user_name: env.text(variables::USER_NAME),
        user_id: env.text(variables::USER_ID),
        password: env.secret(variables::PASSWORD),
        shared_config_file: env.text(variables::SHARED_CONFIG_FILE),
        profile: env.text(variables::PROFILE),
        oidc: false,
        idp_id: env.text(variables::IDP_ID),
        id_token: env.secret(variables::ID_TOKEN),
        id_token_file: env.text(variables::ID_TOKEN_FILE),
    }
}

fn of_sdk_variables(env: Environment<'_>) -> Given {
    Given {
        access_key: env.text(variables::SDK_ACCESS_KEY),
        secret_key: env.secret(variables::SDK_SECRET_KEY),
        security_token: env.secret(variables::SDK_SECURITY_TOKEN),
        idp_id: env.text(variables::SDK_IDP_ID),
        id_token_file: env.text(variables::SDK_ID_TOKEN_FILE),
        ..Given::default()
    }
}

/// The agencies to assume: those of the blocks, else the one that variables name.
fn roles(config: &Config, env: Environment<'_>) -> Result<Vec<Role>, String> {
    let blocks: Vec<&AssumeRoleBlock> = blocks_of(&config.assume_role).collect();
    if !blocks.is_empty() {
        return blocks.into_iter().map(|block| role(block, env)).collect();
    }
    match env.text(variables::AGENCY_NAME) {
        Some(_) => role(&AssumeRoleBlock::default(), env).map(|role| vec![role]),
        None => Ok(Vec::new()),
    }
}

fn role(block: &AssumeRoleBlock, env: Environment<'_>) -> Result<Role, String> {
    let Some(agency) = text(&block.agency_name).or_else(|| env.text(variables::AGENCY_NAME)) else {
        return Err("An assume_role block has no agency_name, and the variable HW_ASSUME_ROLE_AGENCY_NAME is not set. \
                    Set one of them, or leave the block out."
            .to_owned());
    };
    let written = (text(&block.domain_id), text(&block.domain_name));
    let domain = match written {
        (None, None) => (
            env.text(variables::AGENCY_DOMAIN_ID),
            env.text(variables::AGENCY_DOMAIN_NAME),
        ),
        written => written,
    };
    let domain = match domain {
        (Some(id), _) => AgencyDomain::Id(id),
        (None, Some(name)) => AgencyDomain::Name(name),
        (None, None) => {
            return Err(format!(
                "It is not known which account the agency {agency:?} belongs to. Set domain_name or domain_id in \
                 assume_role, or the variable HW_ASSUME_ROLE_DOMAIN_NAME or HW_ASSUME_ROLE_DOMAIN_ID."
            ));
        }
    };
    Ok(Role {
        agency,
        domain,
        duration: duration(block, env)?,
    })
}

fn duration(block: &AssumeRoleBlock, env: Environment<'_>) -> Result<Option<u32>, String> {
    if let Value::Value(seconds) = block.duration {
        return Ok(u32::try_from(seconds).ok());
    }
    let Some(written) = env.text(variables::AGENCY_DURATION) else {
        return Ok(None);
    };
    written
        .trim()
        .parse()
        .ok()
        .filter(|seconds| DURATIONS.contains(&i64::from(*seconds)))
        .map(Some)
        .ok_or_else(|| {
            format!(
                "The variable HW_ASSUME_ROLE_DURATION is {written:?}. It is a whole number of seconds from {} to {}.",
                DURATIONS.start(),
                DURATIONS.end()
            )
        })
}

fn metadata(env: Environment<'_>) -> Metadata {
    if let Some(written) = env.text(&[variables::DISABLE_METADATA])
        && parse_bool(&written) != Some(false)
    {
        return Metadata::Off(format!(
            "The metadata service of an ECS was not asked, since {} is {written:?}.",
            variables::DISABLE_METADATA
        ));
    }
    let written = env
        .text(&[variables::METADATA_ENDPOINT])
        .unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
    let with_scheme = if written.contains("://") {
        written.clone()
    } else {
        format!("http://{written}")
    };
    match parse_endpoint(&with_scheme) {
        Ok(url) => Metadata::At(url),
        Err(reason) => Metadata::Off(format!(
            "The metadata service of an ECS was not asked, since the variable {} is {}: {reason}.",
            variables::METADATA_ENDPOINT,
            shown(&written)
        )),
    }
}

/// The names of the arguments whose values are not known yet.
fn unknown(config: &Config) -> Vec<String> {
    [
        ("token", config.token.is_unknown()),
        ("access_key", config.access_key.is_unknown()),
        ("secret_key", config.secret_key.is_unknown()),
        ("security_token", config.security_token.is_unknown()),
        ("user_name", config.user_name.is_unknown()),
        ("user_id", config.user_id.is_unknown()),
        ("password", config.password.is_unknown()),
        ("domain_name", config.domain_name.is_unknown()),
        ("domain_id", config.domain_id.is_unknown()),
        ("shared_config_file", config.shared_config_file.is_unknown()),
        ("profile", config.profile.is_unknown()),
        (
            "assume_role",
            is_unknown(&config.assume_role, |block| {
                block.agency_name.is_unknown()
                    || block.domain_name.is_unknown()
                    || block.domain_id.is_unknown()
                    || block.duration.is_unknown()
            }),
        ),
        (
            "assume_role_with_oidc",
            is_unknown(&config.assume_role_with_oidc, |block| {
                block.idp_id.is_unknown()
                    || block.id_token.is_unknown()
                    || block.id_token_file.is_unknown()
            }),
        ),
    ]
    .into_iter()
    .filter(|(_, unknown)| *unknown)
    .map(|(name, _)| name.to_owned())
    .collect()
}

fn is_unknown<T>(blocks: &Value<Vec<Value<T>>>, part: impl Fn(&T) -> bool) -> bool {
    match blocks {
        Value::Unknown => true,
        Value::Null => false,
        Value::Value(blocks) => blocks.iter().any(|block| match block {
            Value::Unknown => true,
            Value::Null => false,
            Value::Value(block) => part(block),
        }),
    }
}

/// The blocks that are written and known.
fn blocks_of<T>(blocks: &Value<Vec<Value<T>>>) -> impl Iterator<Item = &T> {
    blocks
        .as_ref_option()
        .into_iter()
        .flatten()
        .filter_map(Value::as_ref_option)
}

/// A text that is there; an empty one counts as not given, as in the official provider.
pub(super) fn text(value: &Value<String>) -> Option<String> {
    value
        .as_ref_option()
        .filter(|text| !text.is_empty())
        .cloned()
}

/// The same for a secret.
pub(super) fn hidden(value: &Value<Secret>) -> Option<SecretString> {
    value
        .as_ref_option()
        .filter(|secret| !secret.is_empty())
        .map(Secret::reveal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::time::Duration;

    use secrecy::ExposeSecret;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::huaweicloud::client::{Client, Settings};
    use crate::huaweicloud::credentials::chain::{Place, Source};
    use crate::huaweicloud::credentials::{Credential, ForCall};
    use crate::huaweicloud::error::Error;
    use crate::huaweicloud::operation::Operation;

    /// Sets arguments of the provider block by name.
    fn config(arguments: &[(&str, &str)]) -> Config {
        let mut config = Config::default();
        for (name, text) in arguments {
            let value = Value::Value((*text).to_owned());
            let hidden = Value::Value(Secret::from(*text));
            match *name {
                "token" => config.token = hidden,
                "access_key" => config.access_key = value,
                "secret_key" => config.secret_key = hidden,
                "security_token" => config.security_token = hidden,
                "user_name" => config.user_name = value,
                "user_id" => config.user_id = value,
                "password" => config.password = hidden,
                "domain_name" => config.domain_name = value,
                "shared_config_file" => config.shared_config_file = value,
                "profile" => config.profile = value,
                "oidc.idp_id" => {
                    config.assume_role_with_oidc = Value::Value(vec![Value::Value(OidcBlock {
                        idp_id: value,
                        ..OidcBlock::default()
                    })]);
                }
                "assume_role.agency_name" => {
                    config.assume_role = Value::Value(vec![Value::Value(AssumeRoleBlock {
                        agency_name: value,
                        ..AssumeRoleBlock::default()
                    })]);
                }
                _ => panic!("no argument {name}"),
            }
        }
        config
    }

    fn choose(
        arguments: &[(&str, &str)],
        variables: &[(&str, &str)],
    ) -> crate::huaweicloud::credentials::chain::Chosen {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        sign_in(&config(arguments), Environment(&lookup))
            .unwrap()
            .choose()
    }

    /// The credential in words, for sources that have it without asking anybody; else the error.
    fn credential(chosen: &crate::huaweicloud::credentials::chain::Chosen) -> String {
        let client = Client::new(Settings::default(), Box::new(Credential::None));
        let operation = Operation::new(
            client.clock(),
            Duration::from_secs(10),
            CancellationToken::new(),
        );
        let call = ForCall {
            client: &client,
            region: "cn-north-4",
            operation: &operation,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        match runtime.block_on(chosen.credentials.credential(call)) {
            Ok(Credential::Token(token)) => format!("token {}", token.expose_secret()),
            Ok(Credential::Keys(keys)) => {
                let parts = [
                    Some(keys.access_key.as_str()),
                    Some(keys.secret_key.expose_secret()),
                    keys.security_token
                        .as_ref()
                        .map(|token| token.expose_secret()),
                ];
                parts.into_iter().flatten().collect::<Vec<_>>().join("/")
            }
            Ok(Credential::None) => "nothing".to_owned(),
            Err(Error::Credentials(problem)) => explain::credentials::advice(&problem),
            Err(error) => panic!("{error}"),
        }
    }

    const FILE: &str = r#"{
        "current": "keys",
        "authEncrypt": "false",
        "profiles": [
            {"name": "keys", "mode": "AKSK", "accessKeyId": "fileAK", "secretAccessKey": "fileSK", "securityToken": "",
             "region": "cn-east-3", "projectId": "p"},
            {"name": "temporary", "mode": "AKSK", "accessKeyId": "fileAK", "secretAccessKey": "fileSK", "securityToken": "fileST"},
            {"name": "sso", "mode": "SSO",
             "ssoAuth": {"stsToken": {"accessKeyId": "ssoAK", "secretAccessKey": "ssoSK", "securityToken": "ssoST"}}},
            {"name": "nobody", "mode": "SSO"},
            {"name": "machine", "mode": "ecsAgency"},
            {"name": "future", "mode": "Telepathy"},
            {"name": "empty", "mode": "AKSK"}
        ]
    }"#;

    fn file_with(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn the_first_source_that_is_given_is_taken_from_the_first_place_that_gives_any() {
        use Place::{Arguments, Nowhere, SdkFile, SdkVariables, Variables};
        let file = file_with(FILE);
        let file = file.path().to_str().unwrap();
        let keys = [("HW_ACCESS_KEY", "AK"), ("HW_SECRET_KEY", "SK")];
        let sdk_file = file_with("[basic]\nak = AK\nsk = SK\n");
        let sdk_file = (
            "HUAWEICLOUD_SDK_CREDENTIALS_FILE",
            sdk_file.path().to_str().unwrap(),
        );
        let sdk_file_with_idp = file_with("[basic]\nidp_id = i\nid_token_file = f\n");
        let sdk_file_with_idp = sdk_file_with_idp.path().to_str().unwrap();

        type Pairs<'a> = Vec<(&'a str, &'a str)>;
        let table: Vec<(Pairs<'_>, Pairs<'_>, Source, Place)> = vec![
            (vec![], vec![], Source::Metadata, Nowhere),
            // The order among variables.
            (vec![], keys.to_vec(), Source::Keys, Variables),
            (
                vec![],
                [&keys[..], &[("HW_AUTH_TOKEN", "T")]].concat(),
                Source::Token,
                Variables,
            ),
            (
                vec![],
                [&keys[..], &[("HW_ASSUME_ROLE_IDP_ID", "i")]].concat(),
                Source::Oidc,
                Variables,
            ),
            (
                vec![],
                vec![("HW_ASSUME_ROLE_IDP_ID", "i"), ("HW_AUTH_TOKEN", "T")],
                Source::Token,
                Variables,
            ),
            (
                vec![],
                [
                    &keys[..],
                    &[("HW_USER_NAME", "u"), ("HW_USER_PASSWORD", "p")],
                ]
                .concat(),
                Source::Keys,
                Variables,
            ),
            (
                vec![],
                vec![("HW_USER_PASSWORD", "p"), ("HW_PROFILE", "x")],
                Source::Password,
                Variables,
            ),
            (
                vec![],
                [&keys[..], &[("HW_PROFILE", "x")]].concat(),
                Source::Keys,
                Variables,
            ),
            (
                vec![],
                vec![("HW_SHARED_CONFIG_FILE", file)],
                Source::SharedConfig,
                Variables,
            ),
            (
                vec![],
                vec![("HW_PROFILE", "x")],
                Source::SharedConfig,
                Variables,
            ),
            // A user without a password is no source: it may be there for other programs.
            (
                vec![],
                vec![("HW_USER_NAME", "u"), ("HW_PROFILE", "x")],
                Source::SharedConfig,
                Variables,
            ),
            // The variables that the official provider falls back to.
            (
                vec![],
                vec![("OS_ACCESS_KEY", "AK"), ("OS_SECRET_KEY", "SK")],
                Source::Keys,
                Variables,
            ),
            (
                vec![],
                vec![("OS_AUTH_TOKEN", "T")],
                Source::Token,
                Variables,
            ),
            (
                vec![],
                vec![("OS_PASSWORD", "p")],
                Source::Password,
                Variables,
            ),
            // The SDKs' variables come last.
            (
                vec![],
                vec![("HUAWEICLOUD_SDK_AK", "AK"), ("HUAWEICLOUD_SDK_SK", "SK")],
                Source::Keys,
                SdkVariables,
            ),
            (
                vec![],
                vec![
                    ("HUAWEICLOUD_SDK_IDP_ID", "i"),
                    ("HUAWEICLOUD_SDK_AK", "AK"),
                ],
                Source::Oidc,
                SdkVariables,
            ),
            (
                vec![],
                vec![("HUAWEICLOUD_SDK_AK", "AK"), ("HW_PROFILE", "x")],
                Source::SharedConfig,
                Variables,
            ),
            (vec![], vec![sdk_file], Source::Keys, SdkFile),
            (
                vec![],
                vec![("HUAWEICLOUD_SDK_CREDENTIALS_FILE", sdk_file_with_idp)],
                Source::Oidc,
                SdkFile,
            ),
            (
                vec![],
                vec![sdk_file, ("HUAWEICLOUD_SDK_AK", "AK")],
                Source::Keys,
                SdkVariables,
            ),
            (
                vec![],
                vec![sdk_file, ("HW_AUTH_TOKEN", "T")],
                Source::Token,
                Variables,
            ),
            // Arguments win, whatever the variables say.
            (
                vec![("access_key", "AK"), ("secret_key", "SK")],
                vec![("HW_AUTH_TOKEN", "T")],
                Source::Keys,
                Arguments,
            ),
            (
                vec![("token", "T"), ("access_key", "AK")],
                keys.to_vec(),
                Source::Token,
                Arguments,
            ),
            (
                vec![("oidc.idp_id", "i"), ("access_key", "AK")],
                vec![],
                Source::Oidc,
                Arguments,
            ),
            (
                vec![("password", "p"), ("profile", "x")],
                keys.to_vec(),
                Source::Password,
                Arguments,
            ),
            (
                vec![("profile", "x")],
                keys.to_vec(),
                Source::SharedConfig,
                Arguments,
            ),
            (
                vec![("shared_config_file", file)],
                keys.to_vec(),
                Source::SharedConfig,
                Arguments,
            ),
            (
                vec![("user_name", "u")],
                [&keys[..], &[("HW_USER_PASSWORD", "p")]].concat(),
                Source::Password,
                Arguments,
            ),
            (
                vec![("user_name", "u")],
                keys.to_vec(),
                Source::Keys,
                Variables,
            ),
            // Empty ones count as not given.
            (
                vec![("access_key", ""), ("token", "")],
                vec![("HW_AUTH_TOKEN", ""), ("HW_PROFILE", "x")],
                Source::SharedConfig,
                Variables,
            ),
        ];
        for (arguments, variables, source, place) in table {
            let chosen = choose(&arguments, &variables);
            assert_eq!(
                (chosen.source, chosen.place),
                (source, place),
                "{arguments:?} {variables:?}"
            );
        }
    }

    #[test]
    fn what_a_source_lacks_comes_from_variables() {
        let file = file_with(FILE);
        let file = file.path().to_str().unwrap();
        for (arguments, variables, expected) in [
            (
                vec![("token", "argT")],
                vec![("HW_AUTH_TOKEN", "T")],
                "token argT",
            ),
            (
                vec![("access_key", "argAK")],
                vec![("HW_ACCESS_KEY", "AK"), ("HW_SECRET_KEY", "SK")],
                "argAK/SK",
            ),
            (
                vec![
                    ("access_key", "argAK"),
                    ("secret_key", "argSK"),
                    ("security_token", "argST"),
                ],
                vec![("HW_SECURITY_TOKEN", "ST")],
                "argAK/argSK/argST",
            ),
            (
                vec![],
                vec![
                    ("HW_ACCESS_KEY", "AK"),
                    ("HW_SECRET_KEY", "SK"),
                    ("HW_SECURITY_TOKEN", "ST"),
                ],
                "AK/SK/ST",
            ),
            // Keys for the SDKs do not mix with the others.
            (
                vec![],
                vec![
                    ("HW_ACCESS_KEY", "AK"),
                    ("HW_SECRET_KEY", "SK"),
                    ("HUAWEICLOUD_SDK_SECURITY_TOKEN", "ST"),
                ],
                "AK/SK",
            ),
            (
                vec![],
                vec![
                    ("HUAWEICLOUD_SDK_AK", "AK"),
                    ("HUAWEICLOUD_SDK_SK", "SK"),
                    ("HUAWEICLOUD_SDK_SECURITY_TOKEN", "ST"),
                    ("HW_SECURITY_TOKEN", "other"),
                ],
                "AK/SK/ST",
            ),
            (vec![("shared_config_file", file)], vec![], "fileAK/fileSK"),
            (
                vec![("profile", "temporary")],
                vec![("HW_SHARED_CONFIG_FILE", file), ("HW_PROFILE", "keys")],
                "fileAK/fileSK/fileST",
            ),
            (
                vec![("profile", "sso"), ("shared_config_file", file)],
                vec![],
                "ssoAK/ssoSK/ssoST",
            ),
        ] {
            assert_eq!(
                credential(&choose(&arguments, &variables)),
                expected,
                "{arguments:?} {variables:?}"
            );
        }
    }

    #[test]
    fn what_is_missing_is_named_with_its_argument_and_its_variable() {
        let file = file_with(FILE);
        let file = file.path().to_str().unwrap();
        let off = ("HW_DISABLE_METADATA", "true");
        for (arguments, variables, parts) in [
            (
                vec![],
                vec![off],
                vec![
                    "token",
                    "HW_AUTH_TOKEN",
                    "access_key",
                    "HW_SECRET_KEY",
                    "HW_USER_PASSWORD",
                    "HW_PROFILE",
                    "HW_ASSUME_ROLE_IDP_ID",
                    "HW_DISABLE_METADATA",
                ],
            ),
            (
                vec![("access_key", "AK")],
                vec![],
                vec!["secret_key", "HW_SECRET_KEY"],
            ),
            (
                vec![("secret_key", "SK")],
                vec![],
                vec!["access_key", "HW_ACCESS_KEY"],
            ),
            (
                vec![],
                vec![("HUAWEICLOUD_SDK_SK", "SK"), ("HW_REGION_NAME", "x")],
                vec!["access key"],
            ),
            (
                vec![("password", "p")],
                vec![],
                vec!["user_name", "user_id", "HW_USER_NAME", "HW_USER_ID"],
            ),
            (
                vec![("password", "p"), ("user_name", "u")],
                vec![],
                vec!["domain_name", "HW_DOMAIN_ID"],
            ),
            (
                vec![("oidc.idp_id", "i")],
                vec![],
                vec!["id_token_file", "HW_ASSUME_ROLE_ID_TOKEN"],
            ),
            (
                vec![("oidc.idp_id", "")],
                vec![("HW_ASSUME_ROLE_ID_TOKEN", "t")],
                vec!["idp_id", "HW_ASSUME_ROLE_IDP_ID"],
            ),
            (
                vec![("token", "t"), ("assume_role.agency_name", "a")],
                vec![],
                vec!["\"a\"", "domain_name", "HW_ASSUME_ROLE_DOMAIN_ID"],
            ),
            (
                vec![("token", "t"), ("assume_role.agency_name", "")],
                vec![],
                vec!["agency_name", "HW_ASSUME_ROLE_AGENCY_NAME"],
            ),
            (
                vec![("token", "t")],
                vec![
                    ("HW_ASSUME_ROLE_AGENCY_NAME", "a"),
                    ("HW_ASSUME_ROLE_DOMAIN_NAME", "d"),
                    ("HW_ASSUME_ROLE_DURATION", "1h"),
                ],
                vec!["HW_ASSUME_ROLE_DURATION", "\"1h\"", "900"],
            ),
            (
                vec![("shared_config_file", "/no/such/file")],
                vec![],
                vec!["/no/such/file", "HW_SHARED_CONFIG_FILE"],
            ),
            (
                vec![("profile", "x")],
                vec![],
                vec!["~/.hcloud/config.json", "HOME"],
            ),
            (
                vec![("profile", "x"), ("shared_config_file", file)],
                vec![],
                vec!["\"x\"", "\"keys\", \"temporary\", \"sso\"", "HW_PROFILE"],
            ),
            (
                vec![("profile", "nobody"), ("shared_config_file", file)],
                vec![],
                vec!["hcloud configure sso"],
            ),
            (
                vec![("profile", "machine"), ("shared_config_file", file)],
                vec![off],
                vec!["ecsAgency", "HW_DISABLE_METADATA"],
            ),
            (
                vec![("profile", "future"), ("shared_config_file", file)],
                vec![],
                vec!["\"Telepathy\"", "AKSK, ecsAgency and SSO"],
            ),
            (
                vec![("profile", "empty"), ("shared_config_file", file)],
                vec![],
                vec!["no access key", "hcloud configure set"],
            ),
            (
                vec![],
                vec![("HW_METADATA_ENDPOINT", "http://a b")],
                vec!["HW_METADATA_ENDPOINT", "not a URL"],
            ),
        ] {
            let text = credential(&choose(&arguments, &variables));
            for part in parts {
                assert!(
                    text.contains(part),
                    "{arguments:?} {variables:?}: {part:?} is not in: {text}"
                );
            }
        }
    }

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_log_says_which_source_was_taken_and_no_secret() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let chosen = choose(&[("access_key", "AK")], &[("HW_SECRET_KEY", "hunter2")]);
            assert_eq!(credential(&chosen), "AK/hunter2");
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("DEBUG"), "{text}");
        assert!(text.contains("source=Keys place=Arguments"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn an_encrypted_file_is_told_with_the_command_that_decrypts_it_and_without_its_contents() {
        for (flag, access_key) in [
            (r#""authEncrypt": "true","#, "fileAK"),
            (r#""authEncrypt": true,"#, "fileAK"),
            ("", "q83vEjRWeJA="),
        ] {
            let file = file_with(&format!(
                r#"{{"current": "p", {flag} "profiles": [{{"name": "p", "mode": "AKSK",
                    "accessKeyId": "{access_key}", "secretAccessKey": "hunter2"}}]}}"#
            ));
            let path = file.path().to_str().unwrap();
            let text = credential(&choose(&[("shared_config_file", path)], &[]));
            assert!(
                text.contains("hcloud configure set --cli-auth-encrypt=false"),
                "{text}"
            );
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_no_json_is_told_without_its_contents() {
        let file = file_with(r#"{"profiles": [{"secretAccessKey": ["hunter2"]}]}"#);
        let path = file.path().to_str().unwrap();
        let text = credential(&choose(&[("shared_config_file", path)], &[]));
        assert!(text.contains("line 1"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn arguments_that_are_not_known_yet_are_named() {
        let mut config = config(&[("access_key", "AK")]);
        config.secret_key = Value::Unknown;
        config.assume_role = Value::Value(vec![Value::Value(AssumeRoleBlock {
            domain_id: Value::Unknown,
            ..AssumeRoleBlock::default()
        })]);
        let nothing = |_: &str| None;
        assert_eq!(
            sign_in(&config, Environment(&nothing)).unwrap_err(),
            ["secret_key", "assume_role"]
        );
    }

    #[test]
    fn agencies_come_from_blocks_else_from_variables_else_from_the_profile() {
        let role = |agency: &str, domain: AgencyDomain, duration| Role {
            agency: agency.to_owned(),
            domain,
            duration,
        };
        let name = |name: &str| AgencyDomain::Name(name.to_owned());
        let id = |id: &str| AgencyDomain::Id(id.to_owned());
        let block = |agency: &str, domain_id: Option<&str>, duration| {
            Value::Value(AssumeRoleBlock {
                agency_name: Value::Value(agency.to_owned()),
                domain_id: domain_id.map(str::to_owned).into(),
                duration,
                ..AssumeRoleBlock::default()
            })
        };
        let lookup = |name: &str| match name {
            "HW_ASSUME_ROLE_AGENCY_NAME" => Some("varAgency".to_owned()),
            "HW_ASSUME_ROLE_DOMAIN_NAME" => Some("varDomain".to_owned()),
            "HW_ASSUME_ROLE_DURATION" => Some("1800".to_owned()),
            _ => None,
        };
        let env = Environment(&lookup);
        let mut config = config(&[]);

        assert_eq!(
            roles(&config, env),
            Ok(vec![role("varAgency", name("varDomain"), Some(1800))])
        );
        config.assume_role = Value::Value(vec![
            block("one", None, Value::Null),
            block("two", Some("d2"), Value::Value(900)),
        ]);
        assert_eq!(
            roles(&config, env),
            Ok(vec![
                role("one", name("varDomain"), Some(1800)),
                role("two", id("d2"), Some(900))
            ])
        );
    }
}
