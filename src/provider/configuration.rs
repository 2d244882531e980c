//! The arguments of the `provider "hwc"` block, and the client that they and their variables make.
//!
//! Arguments win over variables, and variables over the profile of a shared config file.

use std::collections::{BTreeMap, HashMap};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use tf_provider::schema::{Attribute, AttributeType, NestedBlock};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics, map};

use super::arguments::{optional, secret};
use super::environment::{self as variables, Environment, Variables, parse_bool};
use super::explain;
use super::sign_in::{self, AssumeRoleBlock, OidcBlock, hidden, text};
use crate::huaweicloud::client::{Client, Settings};
use crate::huaweicloud::credentials::chain::{Chosen, Place, Source};
use crate::huaweicloud::endpoint::{Endpoints, Service, parse_endpoint, shown};
use crate::huaweicloud::sign::Algorithm;
use crate::huaweicloud::tls::Tls;

/// The most that `max_retries` can be: with 20 seconds between attempts, an hour.
const MOST_RETRIES: i64 = 180;

/// How often a call is repeated after faults when the user does not say.
const DEFAULT_RETRIES: i64 = 5;

/// The `provider "hwc"` block as Terraform sends it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Config {
    pub(super) region: Value<String>,
    pub(super) token: Value<Secret>,
    pub(super) access_key: Value<String>,
    pub(super) secret_key: Value<Secret>,
    pub(super) security_token: Value<Secret>,
    pub(super) user_name: Value<String>,
    pub(super) user_id: Value<String>,
    pub(super) password: Value<Secret>,
    pub(super) domain_name: Value<String>,
    pub(super) domain_id: Value<String>,
    pub(super) shared_config_file: Value<String>,
    pub(super) profile: Value<String>,
    pub(super) assume_role: Value<Vec<Value<AssumeRoleBlock>>>,
    pub(super) assume_role_with_oidc: Value<Vec<Value<OidcBlock>>>,
    pub(super) project_id: Value<String>,
    pub(super) project_name: Value<String>,
    pub(super) cloud: Value<String>,
    pub(super) auth_url: Value<String>,
    pub(super) endpoints: Value<BTreeMap<String, Value<String>>>,
    pub(super) insecure: Value<bool>,
    pub(super) cacert_file: Value<String>,
    pub(super) cert: Value<String>,
    pub(super) key: Value<Secret>,
    pub(super) signing_algorithm: Value<String>,
    pub(super) max_retries: Value<i64>,
    pub(super) language: Value<String>,
}

/// Shows no value: an endpoint that was not checked yet may hold a password.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").finish_non_exhaustive()
    }
}

/// A secret argument: it can be read and sent back to the engine, but not printed, and is wiped when it is dropped.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    pub(super) fn reveal(&self) -> SecretString {
        self.0.clone()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.expose_secret().is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// The arguments of the block.
pub(super) fn attributes() -> HashMap<String, Attribute> {
    use AttributeType::{Bool, Map, Number, String};
    let mut attributes = map! {
        "region" => optional(String, "Region of the instances, for example `cn-north-4`. Variable: `HW_REGION_NAME`."),
        "project_id" => optional(String, "Project of `region`, 32 letters and digits. By default it is looked up at IAM by `project_name`, once, when it is first needed. Variable: `HW_PROJECT_ID`."),
        "project_name" => optional(String, "Name of the project to look up, by default the region's name. Variable: `HW_PROJECT_NAME`."),
        "cloud" => optional(String, "Domain name of the cloud, by default `myhuaweicloud.com`, and `myhuaweicloud.eu` for the regions `eu-west-1…` of the European site. Variable: `HW_CLOUD`."),
        "auth_url" => optional(String, "URL of IAM, by default `https://iam.REGION.CLOUD`, or `https://iam.CLOUD` for a region where IAM has no name of its own. Variable: `HW_AUTH_URL`."),
        "endpoints" => optional(Map(Box::new(String)), "URLs of services where they differ from `https://SERVICE.REGION.CLOUD`. Keys: `dcs`, `taurusdb` (or `gaussdb`), `iam`, `sts`."),
        "insecure" => optional(Bool, "Accept every TLS certificate. Only for tests: whoever sits in between can read and change the calls. Variable: `HW_INSECURE`."),
        "cacert_file" => optional(String, "Certificates (PEM) of the authorities to trust instead of the machine's own, as a path or as the text itself. Variable: `OS_CACERT`."),
        "cert" => optional(String, "Client certificate (PEM) to present, as a path or as the text itself. Variable: `OS_CERT`."),
        "key" => secret("Private key (PEM, not encrypted) of the client certificate, as a path or as the text itself. Variable: `OS_KEY`."),
        "signing_algorithm" => optional(String, "How requests are signed with keys: `HmacSHA256` (the default), `HmacSM3` or `EcdsaP256SHA256`. Variable: `HW_SIGNING_ALGORITHM`."),
        "max_retries" => optional(Number, "How often a call that certainly did nothing is repeated after a fault (0 to 180, by default 5). A busy instance and a cloud that throttles (429) are waited for as long as the create time-out lasts. Variable: `HW_MAX_RETRIES`."),
        "language" => optional(String, "Language of the service's messages: `en-us` or `zh-cn`."),
    };
    attributes.extend(sign_in::attributes().map(|(name, attribute)| (name.to_owned(), attribute)));
    attributes
}

/// The blocks in the block.
pub(super) fn blocks() -> HashMap<String, NestedBlock> {
    sign_in::blocks()
        .map(|(name, block)| (name.to_owned(), block))
        .into()
}

/// Checks what is known of the configuration, without network or credentials.
pub(super) fn check(diags: &mut Diagnostics, config: &Config) {
    let mut error = |attribute: AttributePath, summary: &'static str, detail: String| {
        explain::error(diags, attribute, summary, detail);
    };
    if let Value::Value(region) = &config.region
        && (region.is_empty()
            || !region
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
    {
        error(
            AttributePath::new("region"),
            "Invalid region",
            format!(
                "region is {region:?}. A region's name has letters, digits and hyphens, for example \"cn-north-4\"."
            ),
        );
    }
    if let Value::Value(id) = &config.project_id
        && (id.len() != 32 || !id.bytes().all(|b| b.is_ascii_alphanumeric()))
    {
        error(
            AttributePath::new("project_id"),
            "Invalid project_id",
            format!(
                "project_id is {id:?}, {} characters. A project id has 32, only letters and digits. Leave it out to \
                 have it looked up by the region's name.",
                id.chars().count()
            ),
        );
    }
    if let Value::Value(cloud) = &config.cloud
        && url::Url::parse(&format!("https://iam.{cloud}/"))
            .ok()
            .is_none_or(|url| url.host_str() != Some(&format!("iam.{cloud}")))
    {
        error(
            AttributePath::new("cloud"),
            "Invalid cloud",
            format!(
                "cloud is {}. It is a domain name without scheme, for example \"myhuaweicloud.eu\".",
                shown(cloud)
            ),
        );
    }
    if let Value::Value(url) = &config.auth_url
        && let Err(reason) = parse_auth_url(url)
    {
        error(
            AttributePath::new("auth_url"),
            "Invalid auth_url",
            format!(
                "auth_url is {}: {reason}. Write it as \"https://iam.example.com\".",
                shown(url)
            ),
        );
    }
    if let Value::Value(retries) = config.max_retries
        && !(0..=MOST_RETRIES).contains(&retries)
    {
        error(
            AttributePath::new("max_retries"),
            "Invalid max_retries",
            format!("max_retries is {retries}. It is a whole number from 0 to {MOST_RETRIES}."),
        );
    }
    if let Some(name) = text(&config.signing_algorithm)
        && Algorithm::from_name(&name).is_none()
    {
        let names = Algorithm::NAMES.map(|(name, _)| name);
        error(
            AttributePath::new("signing_algorithm"),
            "Invalid signing_algorithm",
            format!(
                "signing_algorithm is {name:?}. This provider knows {}.",
                names.join(", ")
            ),
        );
    }
    if let Value::Value(language) = &config.language
        && !matches!(language.as_str(), "en-us" | "zh-cn")
    {
        error(
            AttributePath::new("language"),
            "Invalid language",
            format!("language is {language:?}. The services know \"en-us\" and \"zh-cn\"."),
        );
    }
    if let Value::Value(endpoints) = &config.endpoints {
        for (key, url) in endpoints {
            let path = AttributePath::new("endpoints").key(key.clone());
            if Service::from_key(key).is_none() {
                error(
                    path,
                    "Unknown service in endpoints",
                    format!(
                        "endpoints has the key {key:?}. This provider calls dcs, taurusdb (or gaussdb), iam and sts."
                    ),
                );
            } else if let Value::Value(url) = url
                && let Err(reason) = parse_endpoint(url)
            {
                error(
                    path,
                    "Invalid endpoint",
                    format!(
                        "endpoints[{key:?}] is {}: {reason}. Write it as \"https://HOST\".",
                        shown(url)
                    ),
                );
            }
        }
        if endpoints.contains_key("taurusdb") && endpoints.contains_key("gaussdb") {
            error(
                AttributePath::new("endpoints").key("gaussdb"),
                "Contradictory endpoints",
                "taurusdb and gaussdb are two names of one service: write one of them.".to_owned(),
            );
        }
    }
    sign_in::check(diags, config);
}

/// What a provider block amounts to.
#[derive(Clone)]
pub(super) struct Configured {
    /// The client, or the names of the arguments that are not known yet: until they are, nothing is called.
    pub(super) client: Result<Client, Vec<String>>,
    /// The region of whatever names none. Null: there is none. Unknown: apply knows it.
    pub(super) region: Value<String>,
}

/// Configures the provider by the arguments and, where they are null, the variables.
pub(super) fn configure(
    diags: &mut Diagnostics,
    config: &Config,
    env: Environment<'_>,
) -> Option<Configured> {
    let config = with_environment(diags, config, env)?;
    check(diags, &config);
    if !diags.errors.is_empty() {
        return None;
    }
    if config.insecure == Value::Value(true) {
        explain::warning(
            diags,
            AttributePath::new("insecure"),
            "TLS certificates are not checked",
            "insecure is true: whoever sits between this machine and the cloud can read and change the calls, also \
             which sessions are killed. Leave it out outside of tests.",
        );
    }
    let mut not_known = unknown(&config);
    let chosen = match sign_in::sign_in(&config, env) {
        Ok(sign_in) => Some(sign_in.choose()),
        Err(unknown) => {
            not_known.extend(unknown);
            None
        }
    };
    let region = region(&config, chosen.as_ref(), env);
    let client = match chosen {
        Some(chosen) if not_known.is_empty() => {
            let settings = settings(&config, &chosen, env);
            Ok(Client::new(settings, chosen.credentials))
        }
        _ => Err(not_known),
    };
    Some(Configured { client, region })
}

/// The names of the arguments whose values are not known yet, apart from those that say how to sign in.
fn unknown(config: &Config) -> Vec<String> {
    let arguments = [
        ("region", config.region.is_unknown()),
        ("project_id", config.project_id.is_unknown()),
        ("project_name", config.project_name.is_unknown()),
        ("cloud", config.cloud.is_unknown()),
        ("auth_url", config.auth_url.is_unknown()),
        ("endpoints", config.endpoints.is_unknown()),
        ("insecure", config.insecure.is_unknown()),
        ("cacert_file", config.cacert_file.is_unknown()),
        ("cert", config.cert.is_unknown()),
        ("key", config.key.is_unknown()),
        ("signing_algorithm", config.signing_algorithm.is_unknown()),
        ("max_retries", config.max_retries.is_unknown()),
        ("language", config.language.is_unknown()),
    ];
    let endpoints = config.endpoints.as_ref_option().into_iter().flatten();
    let endpoints = endpoints
        .filter(|(_, url)| url.is_unknown())
        .map(|(service, _)| format!("endpoints[{service:?}]"));
    (arguments.into_iter())
        .filter(|(_, unknown)| *unknown)
        .map(|(name, _)| name.to_owned())
        .chain(endpoints)
        .collect()
}

/// The region of whatever names none: the argument's, else the profile's.
fn region(config: &Config, chosen: Option<&Chosen>, env: Environment<'_>) -> Value<String> {
    if !config.region.is_null() {
        return config.region.clone();
    }
    let Some(chosen) = chosen else {
        return Value::Unknown;
    };
    match &chosen.profile {
        Some(profile) => profile.region.clone().into(),
        // A profile that cannot be read on the machine that plans may be there on the one that applies.
        None if names_profile(config, env) => Value::Unknown,
        None => Value::Null,
    }
}

fn names_profile(config: &Config, env: Environment<'_>) -> bool {
    [
        (&config.shared_config_file, variables::SHARED_CONFIG_FILE),
        (&config.profile, variables::PROFILE),
    ]
    .into_iter()
    .any(|(argument, variables)| text(argument).or_else(|| env.text(variables)).is_some())
}

/// The settings of a configuration that was checked and is known, completed by the profile that was chosen.
fn settings(config: &Config, chosen: &Chosen, env: Environment<'_>) -> Settings {
    let profile = chosen.profile.as_ref();
    let region = config
        .region
        .clone()
        .as_option()
        .or_else(|| profile?.region.clone());
    let sdk_file = chosen.sdk_file.as_ref();
    let by_sdk_variables = chosen.place == Place::SdkVariables;
    // A profile's project is that of its region, and goes with its credentials.
    let project_of_profile = profile
        .filter(|_| chosen.source == Source::SharedConfig)
        .filter(|profile| profile.region.is_none() || profile.region == region)
        .and_then(|profile| profile.project_id.clone());
    let project_id = config
        .project_id
        .clone()
        .as_option()
        .or(project_of_profile)
        .or_else(|| {
            by_sdk_variables
                .then(|| env.text(variables::SDK_PROJECT_ID))
                .flatten()
        })
        .or_else(|| sdk_file?.project_id.clone());

    let mut endpoints = endpoints(config);
    let iam_of_sdk_file =
        sdk_file.and_then(|file| parse_endpoint(file.iam_endpoint.as_deref()?).ok());
    if let (false, Some(url)) = (endpoints.is_set(Service::Iam), iam_of_sdk_file) {
        endpoints.set(Service::Iam, url);
    }
    if by_sdk_variables || sdk_file.is_some() {
        for (service, variables) in [
            (Service::Iam, variables::SDK_IAM_ENDPOINT),
            (Service::Sts, variables::SDK_STS_ENDPOINT),
        ] {
            if !endpoints.is_set(service)
                && let Some(Ok(url)) = env.text(variables).map(|text| parse_endpoint(&text))
            {
                endpoints.set(service, url);
            }
        }
    }
    Settings {
        endpoints,
        region,
        project_id,
        project_name: config.project_name.clone().as_option(),
        language: config.language.clone().as_option(),
        tls: Tls {
            insecure: config.insecure.unwrap_or(false),
            cacert: text(&config.cacert_file),
            cert: text(&config.cert),
            key: hidden(&config.key),
            home: env.home(),
        },
        // Checked above: one of the names.
        signing: text(&config.signing_algorithm)
            .and_then(|name| Algorithm::from_name(&name))
            .unwrap_or_default(),
        // Checked above: at most MOST_RETRIES.
        max_retries: u32::try_from(config.max_retries.unwrap_or(DEFAULT_RETRIES)).unwrap_or(0),
        ..Settings::default()
    }
}

/// Fills the arguments that are null from their variables; those that say how to sign in stay apart.
fn with_environment(
    diags: &mut Diagnostics,
    config: &Config,
    env: Environment<'_>,
) -> Option<Config> {
    let or_env = |value: &Value<String>, variables: Variables| match value {
        Value::Null => env.text(variables).map_or(Value::Null, Value::Value),
        given => given.clone(),
    };
    let mut filled = Config {
        region: or_env(&config.region, variables::REGION),
        project_id: or_env(&config.project_id, variables::PROJECT_ID),
        project_name: or_env(&config.project_name, variables::PROJECT_NAME),
        cloud: or_env(&config.cloud, variables::CLOUD),
        auth_url: or_env(&config.auth_url, variables::AUTH_URL),
        cacert_file: or_env(&config.cacert_file, variables::CACERT_FILE),
        cert: or_env(&config.cert, variables::CERT),
        signing_algorithm: or_env(&config.signing_algorithm, variables::SIGNING_ALGORITHM),
        key: match &config.key {
            Value::Null => env
                .secret(variables::KEY)
                .map_or(Value::Null, |key| Value::Value(Secret(key))),
            given => given.clone(),
        },
        ..config.clone()
    };
    if filled.insecure.is_null()
        && let Some((name, text)) = env.find(variables::INSECURE)
    {
        let Some(insecure) = parse_bool(&text) else {
            invalid_variable(diags, "insecure", name, &text, "It is true or false.");
            return None;
        };
        filled.insecure = Value::Value(insecure);
    }
    if filled.max_retries.is_null()
        && let Some((name, text)) = env.find(variables::MAX_RETRIES)
    {
        let Ok(retries) = text.trim().parse() else {
            let rule = format!("It is a whole number from 0 to {MOST_RETRIES}.");
            invalid_variable(diags, "max_retries", name, &text, &rule);
            return None;
        };
        filled.max_retries = Value::Value(retries);
    }
    Some(filled)
}

fn invalid_variable(
    diags: &mut Diagnostics,
    argument: &'static str,
    variable: &str,
    value: &str,
    rule: &str,
) {
    explain::error(
        diags,
        AttributePath::new(argument),
        format!("Invalid {variable}"),
        format!("The variable {variable} is {value:?}. {rule}"),
    );
}

/// The endpoints of a configuration that was checked.
fn endpoints(config: &Config) -> Endpoints {
    let mut endpoints = match &config.cloud {
        Value::Value(cloud) => Endpoints::new(cloud),
        _ => Endpoints::default(),
    };
    if let Value::Value(url) = &config.auth_url
        && let Ok(url) = parse_auth_url(url)
    {
        endpoints.set(Service::Iam, url);
    }
    if let Value::Value(given) = &config.endpoints {
        for (key, url) in given {
            if let (Some(service), Value::Value(url)) = (Service::from_key(key), url)
                && let Ok(url) = parse_endpoint(url)
            {
                endpoints.set(service, url);
            }
        }
    }
    endpoints
}

/// `auth_url` as users have it for other tools: with the API's version at the end, which is not part of the base.
fn parse_auth_url(text: &str) -> Result<url::Url, String> {
    let base = text.trim().trim_end_matches('/');
    let base = base
        .strip_suffix("/v3.0")
        .or_else(|| base.strip_suffix("/v3"))
        .unwrap_or(base);
    parse_endpoint(base)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn configured(config: &Config, variables: &[(&str, &str)]) -> Configured {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let mut diags = Diagnostics::default();
        configure(&mut diags, config, Environment(&lookup)).unwrap()
    }

    fn with(change: impl FnOnce(&mut Config)) -> Config {
        let mut config = Config::default();
        change(&mut config);
        config
    }

    #[test]
    fn there_is_no_client_while_an_argument_is_not_known() {
        for (name, config) in [
            ("region", with(|config| config.region = Value::Unknown)),
            (
                "project_id",
                with(|config| config.project_id = Value::Unknown),
            ),
            (
                "project_name",
                with(|config| config.project_name = Value::Unknown),
            ),
            ("cloud", with(|config| config.cloud = Value::Unknown)),
            ("auth_url", with(|config| config.auth_url = Value::Unknown)),
            (
                "endpoints",
                with(|config| config.endpoints = Value::Unknown),
            ),
            (
                "endpoints[\"iam\"]",
                with(|config| {
                    let endpoints = [("iam".to_owned(), Value::Unknown)];
                    config.endpoints = Value::Value(endpoints.into());
                }),
            ),
            ("insecure", with(|config| config.insecure = Value::Unknown)),
            (
                "cacert_file",
                with(|config| config.cacert_file = Value::Unknown),
            ),
            ("cert", with(|config| config.cert = Value::Unknown)),
            ("key", with(|config| config.key = Value::Unknown)),
            (
                "signing_algorithm",
                with(|config| config.signing_algorithm = Value::Unknown),
            ),
            (
                "max_retries",
                with(|config| config.max_retries = Value::Unknown),
            ),
            ("language", with(|config| config.language = Value::Unknown)),
            ("token", with(|config| config.token = Value::Unknown)),
            (
                "access_key",
                with(|config| config.access_key = Value::Unknown),
            ),
            (
                "secret_key",
                with(|config| config.secret_key = Value::Unknown),
            ),
            (
                "user_name",
                with(|config| config.user_name = Value::Unknown),
            ),
            ("password", with(|config| config.password = Value::Unknown)),
            ("profile", with(|config| config.profile = Value::Unknown)),
            (
                "assume_role",
                with(|config| config.assume_role = Value::Unknown),
            ),
            (
                "assume_role_with_oidc",
                with(|config| config.assume_role_with_oidc = Value::Unknown),
            ),
        ] {
            // A variable does not stand in for an argument that is written.
            let variables = [
                ("HW_REGION_NAME", "cn-north-4"),
                ("HW_ACCESS_KEY", "ak"),
                ("HW_SECRET_KEY", "sk"),
            ];
            let client = configured(&config, &variables).client;
            assert_eq!(client.err(), Some(vec![name.to_owned()]), "{name}");
        }
    }

    #[test]
    fn a_region_is_known_or_missing_or_not_known_yet() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        let profile = r#"{"current": "p", "profiles": [{"name": "p", "mode": "AKSK", "accessKeyId": "a",
            "secretAccessKey": "s", "region": "eu-west-101"}]}"#;
        std::fs::write(&file, profile).unwrap();
        let file = file.to_str().unwrap();
        let known = |region: &str| Value::Value(region.to_owned());
        let variable = ("HW_REGION_NAME", "cn-east-3");
        let of_file = ("HW_SHARED_CONFIG_FILE", file);
        let of_no_file = ("HW_SHARED_CONFIG_FILE", "/nonexistent/config.json");
        let unknown = with(|config| config.region = Value::Unknown);
        let unknown_profile = with(|config| config.profile = Value::Unknown);
        let nothing = Config::default();

        for (config, variables, region) in [
            (&nothing, vec![], Value::Null),
            (&nothing, vec![variable], known("cn-east-3")),
            (&nothing, vec![of_file], known("eu-west-101")),
            (&nothing, vec![of_file, variable], known("cn-east-3")),
            (&nothing, vec![of_no_file], Value::Unknown),
            (&unknown, vec![variable, of_file], Value::Unknown),
            (&unknown_profile, vec![], Value::Unknown),
            (&unknown_profile, vec![variable], known("cn-east-3")),
        ] {
            assert_eq!(
                configured(config, &variables).region,
                region,
                "{variables:?}"
            );
        }
    }

    /// The block with these arguments; the others are null.
    fn written(arguments: serde_json::Value) -> Config {
        let mut all = serde_json::to_value(Config::default()).unwrap();
        for (name, value) in arguments.as_object().unwrap() {
            let known = all
                .get_mut(name)
                .unwrap_or_else(|| panic!("{name} is an argument"));
            *known = value.clone();
        }
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn an_argument_that_is_not_valid_is_told_with_its_value_and_its_rule() {
        use serde_json::json;

        let role = |duration| {
            let nothing = serde_json::Value::Null;
            json!([{"agency_name": "a", "domain_name": nothing, "domain_id": nothing, "duration": duration}])
        };
        for (arguments, attribute, summary, detail) in [
            (
                json!({"region": "cn north"}),
                "region",
                "Invalid region",
                "region is \"cn north\". A region's name has letters, digits and hyphens, for example \"cn-north-4\".",
            ),
            (
                json!({"region": ""}),
                "region",
                "Invalid region",
                "region is \"\". A region's name has",
            ),
            (
                json!({"project_id": "0123"}),
                "project_id",
                "Invalid project_id",
                "project_id is \"0123\", 4 characters. A project id has 32, only letters and digits. Leave it out to \
                 have it looked up by the region's name.",
            ),
            (
                json!({"cloud": "https://myhuaweicloud.eu"}),
                "cloud",
                "Invalid cloud",
                "cloud is \"https://myhuaweicloud.eu\". It is a domain name without scheme, for example \
                 \"myhuaweicloud.eu\".",
            ),
            (
                json!({"cloud": "user:hunter2@example.com"}),
                "cloud",
                "Invalid cloud",
                "cloud is not shown here, since it may hold a secret. It is a domain name",
            ),
            (
                json!({"auth_url": "ftp://example.com"}),
                "auth_url",
                "Invalid auth_url",
                "auth_url is \"ftp://example.com\": the scheme must be https or http, not ftp. Write it as \
                 \"https://iam.example.com\".",
            ),
            (
                json!({"auth_url": "https://user:hunter2@example.com"}),
                "auth_url",
                "Invalid auth_url",
                "auth_url is not shown here, since it may hold a secret: it must not carry a user name or password.",
            ),
            (
                json!({"max_retries": 181}),
                "max_retries",
                "Invalid max_retries",
                "max_retries is 181. It is a whole number from 0 to 180.",
            ),
            (
                json!({"max_retries": -1}),
                "max_retries",
                "Invalid max_retries",
                "max_retries is -1.",
            ),
            (
                json!({"signing_algorithm": "MD5"}),
                "signing_algorithm",
                "Invalid signing_algorithm",
                "signing_algorithm is \"MD5\". This provider knows HmacSHA256, HmacSM3, EcdsaP256SHA256.",
            ),
            (
                json!({"language": "de-de"}),
                "language",
                "Invalid language",
                "language is \"de-de\". The services know \"en-us\" and \"zh-cn\".",
            ),
            (
                json!({"endpoints": {"redis": "https://example.com"}}),
                "endpoints[\"redis\"]",
                "Unknown service in endpoints",
                "endpoints has the key \"redis\". This provider calls dcs, taurusdb (or gaussdb), iam and sts.",
            ),
            (
                json!({"endpoints": {"dcs": "https://example.com/?token=hunter2"}}),
                "endpoints[\"dcs\"]",
                "Invalid endpoint",
                "endpoints[\"dcs\"] is not shown here, since it may hold a secret: it must not carry a query or \
                 fragment. Write it as \"https://HOST\".",
            ),
            (
                json!({"endpoints": {"taurusdb": "https://a.example.com", "gaussdb": "https://b.example.com"}}),
                "endpoints[\"gaussdb\"]",
                "Contradictory endpoints",
                "taurusdb and gaussdb are two names of one service: write one of them.",
            ),
            (
                json!({"assume_role": role(899)}),
                "assume_role[0].duration",
                "Invalid duration",
                "duration is 899. It is a whole number of seconds from 900 to 86400.",
            ),
        ] {
            let mut diags = Diagnostics::default();
            check(&mut diags, &written(arguments.clone()));

            let [error] = &diags.errors[..] else {
                panic!("{arguments}: {:?}", diags.errors);
            };
            assert_eq!(error.attribute.to_string(), attribute);
            assert_eq!(error.summary, summary);
            assert!(
                error.detail.starts_with(detail),
                "{arguments}: {}",
                error.detail
            );
        }

        for arguments in [
            json!({}),
            json!({"signing_algorithm": ""}),
            json!({"region": "eu-west_1", "project_id": "0".repeat(32), "cloud": "example.com", "max_retries": 180,
                "auth_url": "https://iam.example.com/v3/", "language": "zh-cn", "signing_algorithm": "HmacSM3",
                "endpoints": {"dcs": "dcs.example.com", "gaussdb": null}, "assume_role": role(86_400)}),
        ] {
            let mut diags = Diagnostics::default();
            check(&mut diags, &written(arguments.clone()));
            assert!(diags.errors.is_empty(), "{arguments}: {:?}", diags.errors);
        }
    }

    #[test]
    fn a_variable_that_is_not_valid_is_told_unless_an_argument_takes_precedence() {
        use serde_json::json;

        for (variable, value, argument, detail) in [
            (
                "HW_INSECURE",
                "maybe",
                json!({"insecure": false}),
                "The variable HW_INSECURE is \"maybe\". It is true or false.",
            ),
            (
                "HW_MAX_RETRIES",
                "many",
                json!({"max_retries": 1}),
                "The variable HW_MAX_RETRIES is \"many\". It is a whole number from 0 to 180.",
            ),
        ] {
            let lookup = |name: &str| (name == variable).then(|| value.to_owned());
            let env = Environment(&lookup);

            let mut diags = Diagnostics::default();
            assert!(configure(&mut diags, &Config::default(), env).is_none());
            let [error] = &diags.errors[..] else {
                panic!("{variable}: {:?}", diags.errors);
            };
            assert_eq!(error.summary, format!("Invalid {variable}"));
            assert!(error.detail.starts_with(detail), "{}", error.detail);

            let mut diags = Diagnostics::default();
            assert!(configure(&mut diags, &written(argument), env).is_some());
        }
    }
}
