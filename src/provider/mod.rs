//! What a user writes in HCL: the `provider "hwc"` block here, and one file for each thing it offers.
//!
//! * [`dcs_session_kill`][]: `hwc_dcs_session_kill`.
//! * [`taurusdb_session_kill`][]: `hwc_taurusdb_session_kill`.
//! * [`dcs_sessions`], [`taurusdb_sessions`]: the lists of sessions, and the `select` blocks that choose among them.
//! * `arguments`: reading arguments, and the attributes and blocks that several of them share.
//! * `select`: the `select` block and its guards, as far as they are the same for both.
//! * `explain`: the sentences that users read when something went wrong.

pub mod dcs_session_kill;
pub mod dcs_sessions;
pub mod taurusdb_session_kill;
pub mod taurusdb_sessions;

mod arguments;
mod explain;
mod select;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tf_provider::schema::{AttributeType, Block, Description, Schema};
use tf_provider::value::{Value, ValueEmpty};
use tf_provider::{AttributePath, Diagnostics, Provider, map};
use tokio_util::sync::CancellationToken;

use self::arguments::{optional, secret};
use self::dcs_session_kill::DcsSessionKill;
use self::dcs_sessions::DcsSessions;
use self::taurusdb_session_kill::TaurusdbSessionKill;
use self::taurusdb_sessions::TaurusdbSessions;
use crate::huaweicloud::client::{Client, Settings};
use crate::huaweicloud::credentials::{Credential, Keys, Missing, ProvideCredential};
use crate::huaweicloud::endpoint::{DEFAULT_CLOUD, Endpoints, Service, parse_endpoint};
use crate::huaweicloud::operation::Operation;
use crate::plugin::{Plugin, Progress, Registry};

/// The provider's name, and the prefix of its types.
pub const NAME: &str = "hwc";

/// The most that `max_retries` can be: with 20 seconds between attempts, an hour.
const MOST_RETRIES: i64 = 180;

/// How often a call is repeated after faults when the user does not say.
const DEFAULT_RETRIES: i64 = 5;

/// The `provider "hwc"` block as Terraform sends it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Config {
    region: Value<String>,
    access_key: Value<String>,
    secret_key: Value<Secret>,
    security_token: Value<Secret>,
    token: Value<Secret>,
    project_id: Value<String>,
    project_name: Value<String>,
    cloud: Value<String>,
    auth_url: Value<String>,
    endpoints: Value<BTreeMap<String, Value<String>>>,
    insecure: Value<bool>,
    max_retries: Value<i64>,
    language: Value<String>,
}

/// A secret argument: it can be read and sent back, but not printed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// The provider. Clones share the configuration and the stop signal.
#[derive(Clone, Default)]
pub struct HwcProvider {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    client: RwLock<Option<Client>>,
    stop: CancellationToken,
}

impl HwcProvider {
    /// A provider that is configured already, for programs that make its client themselves.
    pub fn with_client(client: Client) -> Self {
        let provider = Self::default();
        provider.set_client(client);
        provider
    }

    fn set_client(&self, client: Client) {
        *self
            .shared
            .client
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(client);
    }

    /// The client of the configured provider.
    fn client(&self, diags: &mut Diagnostics) -> Option<Client> {
        let client = self
            .shared
            .client
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        if client.is_none() {
            explain::error(
                diags,
                AttributePath::root(),
                "The provider is not configured",
                "The engine asked for a kill before it configured the provider \"hwc\". Nothing was sent. \
                 This is a mistake of the engine or of this provider: please report it.",
            );
        }
        client
    }

    /// The region that a resource without `region` is in, as far as plan can tell.
    fn region(&self) -> Option<String> {
        self.shared
            .client
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .as_ref()
            .and_then(|client| client.settings().region.clone())
    }

    /// An operation that has `limit` from now on, ends early when the user stops the run, and tells `progress` what
    /// it is waiting for.
    fn operation(&self, client: &Client, limit: Duration, progress: &Progress) -> Operation {
        let progress = progress.clone();
        Operation::new(client.clock(), limit, self.shared.stop.clone())
            .with_listener(move |waiting| progress.report(explain::waiting(waiting)))
    }
}

#[async_trait]
impl Provider for HwcProvider {
    type Config<'a> = Config;
    type MetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(Schema {
            version: 0,
            block: Block {
                version: 0,
                description: Description::markdown(
                    "Kills database sessions on Huawei Cloud and keeps the proof in state. Every argument may come \
                     from an environment variable instead, the same as those of the official `huaweicloud` provider; \
                     an argument wins over its variable. Plan and validate call no API and need no credentials.",
                ),
                attributes: attributes(),
                ..Block::default()
            },
        })
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: Config) -> Option<()> {
        check(diags, &config);
        Some(())
    }

    async fn configure<'a>(
        &self,
        diags: &mut Diagnostics,
        _terraform_version: String,
        config: Config,
    ) -> Option<()> {
        let client = configured(diags, &config, &|name| std::env::var(name).ok())?;
        self.set_client(client);
        Some(())
    }
}

impl Plugin for HwcProvider {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn register(&self, registry: &mut Registry) {
        let provider = || self.clone();
        registry.resource("dcs_session_kill", DcsSessionKill::new(provider()));
        registry.action("dcs_session_kill", DcsSessionKill::new(provider()));
        registry.resource(
            "taurusdb_session_kill",
            TaurusdbSessionKill::new(provider()),
        );
        registry.action(
            "taurusdb_session_kill",
            TaurusdbSessionKill::new(provider()),
        );
        registry.data_source("dcs_sessions", DcsSessions::new(provider()));
        registry.ephemeral_resource("dcs_sessions", DcsSessions::new(provider()));
        registry.data_source("taurusdb_sessions", TaurusdbSessions::new(provider()));
        registry.ephemeral_resource("taurusdb_sessions", TaurusdbSessions::new(provider()));
    }

    fn stop(&self) {
        self.shared.stop.cancel();
    }
}

fn attributes() -> HashMap<String, tf_provider::schema::Attribute> {
    use AttributeType::{Bool, Map, Number, String};
    map! {
        "region" => optional(String, "Region of the instances, for example `cn-north-4`. Variable: `HW_REGION_NAME`."),
        "access_key" => optional(String, "Access key id (AK). Variable: `HW_ACCESS_KEY`."),
        "secret_key" => secret("Secret access key (SK). Variable: `HW_SECRET_KEY`."),
        "security_token" => secret("Security token that belongs to a temporary access key. Variable: `HW_SECURITY_TOKEN`."),
        "token" => secret("User token, instead of keys. Variable: `HW_AUTH_TOKEN`."),
        "project_id" => optional(String, "Project of `region`, 32 letters and digits. By default it is looked up at IAM by `project_name`, once, when it is first needed. Variable: `HW_PROJECT_ID`."),
        "project_name" => optional(String, "Name of the project to look up, by default the region's name. Variable: `HW_PROJECT_NAME`."),
        "cloud" => optional(String, "Domain name of the cloud, by default `myhuaweicloud.com`. Variable: `HW_CLOUD`."),
        "auth_url" => optional(String, "URL of IAM, by default `https://iam.REGION.CLOUD`. Variable: `HW_AUTH_URL`."),
        "endpoints" => optional(Map(Box::new(String)), "URLs of services where they differ from `https://SERVICE.REGION.CLOUD`. Keys: `dcs`, `taurusdb` (or `gaussdb`), `iam`, `sts`."),
        "insecure" => optional(Bool, "Accept every TLS certificate. Only for tests: whoever sits in between can read and change the calls. Variable: `HW_INSECURE`."),
        "max_retries" => optional(Number, "How often a call that certainly did nothing is repeated after a fault (0 to 180, by default 5). A busy instance is waited for as long as the create time-out lasts. Variable: `HW_MAX_RETRIES`."),
        "language" => optional(String, "Language of the service's messages: `en-us` or `zh-cn`."),
    }
}

/// Checks what is known of the configuration, without network or credentials.
fn check(diags: &mut Diagnostics, config: &Config) {
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
                "cloud is {cloud:?}. It is a domain name without scheme, for example \"myhuaweicloud.eu\"."
            ),
        );
    }
    if let Value::Value(url) = &config.auth_url
        && let Err(reason) = parse_auth_url(url)
    {
        error(
            AttributePath::new("auth_url"),
            "Invalid auth_url",
            format!("auth_url is {url:?}: {reason}. Write it as \"https://iam.example.com\"."),
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
                        "endpoints[{key:?}] is {url:?}: {reason}. Write it as \"https://HOST\"."
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
}

/// An environment variable's value, if it is set.
type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Makes the client from the arguments and, where they are null, the variables.
fn configured(diags: &mut Diagnostics, config: &Config, env: Environment<'_>) -> Option<Client> {
    let config = with_environment(diags, config, env)?;
    check(diags, &config);
    if !diags.errors.is_empty() {
        return None;
    }
    let settings = Settings {
        endpoints: endpoints(&config),
        region: config.region.clone().as_option(),
        project_id: config.project_id.clone().as_option(),
        project_name: config.project_name.clone().as_option(),
        language: config.language.clone().as_option(),
        insecure: config.insecure.unwrap_or(false),
        // Checked above: at most MOST_RETRIES.
        max_retries: u32::try_from(config.max_retries.unwrap_or(DEFAULT_RETRIES)).unwrap_or(0),
        ..Settings::default()
    };
    if settings.insecure {
        explain::warning(
            diags,
            AttributePath::new("insecure"),
            "TLS certificates are not checked",
            "insecure is true: whoever sits between this machine and the cloud can read and change the calls, also \
             which sessions are killed. Leave it out outside of tests.",
        );
    }
    Some(Client::new(settings, credentials(&config)))
}

/// Fills arguments that are null from their variables. Empty variables count as not set, as everywhere.
fn with_environment(
    diags: &mut Diagnostics,
    config: &Config,
    env: Environment<'_>,
) -> Option<Config> {
    let env = |name: &str| env(name).filter(|value| !value.is_empty());
    let or_env = |value: &Value<String>, name: &str| match value {
        Value::Null => env(name).map_or(Value::Null, Value::Value),
        given => given.clone(),
    };
    let or_env_secret = |value: &Value<Secret>, name: &str| match value {
        Value::Null => env(name).map_or(Value::Null, |text| Value::Value(Secret(text))),
        given => given.clone(),
    };
    let mut filled = Config {
        region: or_env(&config.region, "HW_REGION_NAME"),
        access_key: or_env(&config.access_key, "HW_ACCESS_KEY"),
        secret_key: or_env_secret(&config.secret_key, "HW_SECRET_KEY"),
        security_token: or_env_secret(&config.security_token, "HW_SECURITY_TOKEN"),
        token: or_env_secret(&config.token, "HW_AUTH_TOKEN"),
        project_id: or_env(&config.project_id, "HW_PROJECT_ID"),
        project_name: or_env(&config.project_name, "HW_PROJECT_NAME"),
        cloud: or_env(&config.cloud, "HW_CLOUD"),
        auth_url: or_env(&config.auth_url, "HW_AUTH_URL"),
        ..config.clone()
    };
    if filled.insecure.is_null()
        && let Some(text) = env("HW_INSECURE")
    {
        filled.insecure = match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "t" => Value::Value(true),
            "false" | "0" | "f" => Value::Value(false),
            _ => {
                explain::error(
                    diags,
                    AttributePath::new("insecure"),
                    "Invalid HW_INSECURE",
                    format!("The variable HW_INSECURE is {text:?}. It is true or false."),
                );
                return None;
            }
        };
    }
    if filled.max_retries.is_null()
        && let Some(text) = env("HW_MAX_RETRIES")
    {
        let Ok(retries) = text.trim().parse() else {
            explain::error(
                diags,
                AttributePath::new("max_retries"),
                "Invalid HW_MAX_RETRIES",
                format!(
                    "The variable HW_MAX_RETRIES is {text:?}. It is a whole number from 0 to {MOST_RETRIES}."
                ),
            );
            return None;
        };
        filled.max_retries = Value::Value(retries);
    }
    Some(filled)
}

/// The endpoints of a configuration that was checked.
fn endpoints(config: &Config) -> Endpoints {
    let cloud = config.cloud.as_deref().unwrap_or(DEFAULT_CLOUD);
    let mut endpoints = Endpoints::new(cloud);
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

/// The credentials of a configuration: the token, else the keys. What is missing is told at the first call.
fn credentials(config: &Config) -> Box<dyn ProvideCredential> {
    let secret = |value: &Value<Secret>| match value {
        Value::Value(secret) => Some(SecretString::from(secret.0.clone())),
        _ => None,
    };
    let unknown: Vec<&str> = [
        ("access_key", config.access_key.is_unknown()),
        ("secret_key", config.secret_key.is_unknown()),
        ("security_token", config.security_token.is_unknown()),
        ("token", config.token.is_unknown()),
    ]
    .into_iter()
    .filter_map(|(name, unknown)| unknown.then_some(name))
    .collect();
    if !unknown.is_empty() {
        return Box::new(Missing(format!(
            "The provider's {} cannot be known yet: it comes from something that is only there after apply.",
            unknown.join(" and ")
        )));
    }

    if let Some(token) = secret(&config.token) {
        return Box::new(Credential::Token(token));
    }
    match (
        config.access_key.clone().as_option(),
        secret(&config.secret_key),
    ) {
        (Some(access_key), Some(secret_key)) => Box::new(Credential::Keys(Keys {
            access_key,
            secret_key,
            security_token: secret(&config.security_token),
        })),
        (Some(_), None) => Box::new(Missing(
            "There is an access key but no secret key. Set secret_key in the provider block, or the variable \
             HW_SECRET_KEY."
                .to_owned(),
        )),
        (None, Some(_)) => Box::new(Missing(
            "There is a secret key but no access key. Set access_key in the provider block, or the variable \
             HW_ACCESS_KEY."
                .to_owned(),
        )),
        (None, None) => Box::new(Missing(
            "There are no credentials. Set access_key and secret_key in the provider block (or the variables \
             HW_ACCESS_KEY and HW_SECRET_KEY), or token (HW_AUTH_TOKEN)."
                .to_owned(),
        )),
    }
}
