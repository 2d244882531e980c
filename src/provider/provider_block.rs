//! The `provider "hwc"` block, and the client that it makes together with the variables.
//!
//! Arguments take precedence over variables, and variables over the profile of a shared config file.
//!
//! * `model`: the block itself, as a table of its arguments.
//! * `table`: what is made of such a table.

pub(super) mod model;
pub(super) mod table;

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use self::model::{ProviderBlock, parse_auth_url};
use self::table::{HclBlock, Purpose, Refusal, secret_text, text};
use super::environment::{self as variables, Environment};
use super::{explain, sign_in};
use crate::huaweicloud::client::{Client, Settings};
use crate::huaweicloud::credentials::chain::{Chosen, Place, SignIn, Source};
use crate::huaweicloud::endpoint::{Endpoints, parse_endpoint, shown};
use crate::huaweicloud::sign::Algorithm;
use crate::huaweicloud::tls::Tls;
use crate::huaweicloud::{apis, iam, sts};

/// Checks what is known of the block, without network or credentials.
pub(super) fn check(diags: &mut Diagnostics, block: &ProviderBlock) {
    let refusals = block.refusals(&AttributePath::root()).into_iter();
    refusals
        .chain(refused_endpoints(block))
        .for_each(|refusal| refusal.into_error(diags));
}

/// A key of `endpoints` that the official provider knows, so that one map serves both providers. No call goes there: DAS lists and
/// kills sessions of RDS.
const UNUSED_KEY: &str = "rds";

fn refused_endpoints(block: &ProviderBlock) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut refuse = |key: &str, summary: &str, detail: String| {
        refusals.push(Refusal {
            attribute: AttributePath::new("endpoints").key(key.to_owned()),
            summary: summary.to_owned(),
            detail,
        });
    };
    let endpoints = block.endpoints.as_ref_option();
    for (key, url) in endpoints.into_iter().flatten() {
        if apis::from_key(key).is_none() && key != UNUSED_KEY {
            refuse(
                key,
                "Unknown service in endpoints",
                format!(
                    "endpoints has the key {key:?}. The keys are {}.",
                    apis::keys()
                ),
            );
        } else if let Value::Value(url) = url
            && let Err(reason) = parse_endpoint(url)
        {
            let shown = shown(url);
            refuse(
                key,
                "Invalid endpoint",
                format!("endpoints[{key:?}] is {shown}: {reason}. Write it as \"https://HOST\"."),
            );
        }
    }
    if endpoints.is_some_and(|map| map.contains_key("taurusdb") && map.contains_key("gaussdb")) {
        refuse(
            "gaussdb",
            "Contradictory endpoints",
            "taurusdb conflicts with gaussdb: both are names of one service. Set one of them."
                .to_owned(),
        );
    }
    refusals
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
    written: &ProviderBlock,
    env: Environment<'_>,
) -> Option<Configured> {
    check(diags, written);
    let (block, refusals) = written.or_variables(env);
    (refusals.into_iter()).for_each(|refusal| refusal.into_error(diags));
    if !diags.errors.is_empty() {
        return None;
    }
    if block.insecure == Value::Value(true) {
        explain::warning(
            diags,
            AttributePath::new("insecure"),
            "TLS certificates are not checked",
            "insecure is true: an attacker between this machine and the cloud can read and change the calls, and so decide \
             which sessions are killed. Set it in tests only.",
        );
    }
    if (block.endpoints.as_ref_option()).is_some_and(|map| map.contains_key(UNUSED_KEY)) {
        explain::warning(
            diags,
            AttributePath::new("endpoints").key(UNUSED_KEY.to_owned()),
            "This provider makes no call to RDS",
            "endpoints[\"rds\"] has no effect: DAS lists and kills the sessions of RDS. To send these calls to another host, set \
             endpoints[\"das\"].",
        );
    }
    let mut not_known = block.not_known(Purpose::Setting);
    // The credentials tell arguments from variables by themselves.
    let (region, chosen) = match sign_in::sign_in(written, env) {
        Ok(sign_in) => {
            let chosen = sign_in.choose();
            (region(&block, &sign_in, &chosen), Some(chosen))
        }
        Err(of_sign_in) => {
            not_known.extend(of_sign_in);
            (block.region.clone().or(Value::Unknown), None)
        }
    };
    let client = match chosen {
        Some(chosen) if not_known.is_empty() => {
            let settings = settings(&block, &chosen, env);
            Ok(Client::new(settings, chosen.credentials))
        }
        _ => Err(not_known),
    };
    Some(Configured { client, region })
}

/// The region of whatever names none: the argument's, else the profile's.
fn region(block: &ProviderBlock, sign_in: &SignIn, chosen: &Chosen) -> Value<String> {
    match (&block.region, &chosen.profile) {
        (Value::Null, Some(profile)) => profile.region.clone().into(),
        // A profile that cannot be read on the machine that plans may be there on the one that applies.
        (Value::Null, None) if sign_in::names_profile(sign_in) => Value::Unknown,
        (region, _) => region.clone(),
    }
}

/// The settings of a block that is valid and known, completed by the profile that was chosen.
fn settings(block: &ProviderBlock, chosen: &Chosen, env: Environment<'_>) -> Settings {
    let profile = chosen.profile.as_ref();
    let region = (block.region.clone().as_option()).or_else(|| profile?.region.clone());
    let sdk_file = chosen.sdk_file.as_ref();
    let by_sdk_variables = chosen.place == Place::SdkVariables;
    // A profile's project is that of its region, and goes with its credentials.
    let project_of_profile = profile
        .filter(|_| chosen.source == Source::SharedConfig)
        .filter(|profile| profile.region.is_none() || profile.region == region)
        .and_then(|profile| profile.project_id.clone());
    let project_of_variables = || env.text(variables::SDK_PROJECT_ID);
    let project_id = (block.project_id.clone().as_option())
        .or(project_of_profile)
        .or_else(|| by_sdk_variables.then(project_of_variables).flatten())
        .or_else(|| sdk_file?.project_id.clone());

    let mut endpoints = endpoints(block);
    let iam_of_sdk_file =
        sdk_file.and_then(|file| parse_endpoint(file.iam_endpoint.as_deref()?).ok());
    if let (false, Some(url)) = (endpoints.is_set(&iam::API), iam_of_sdk_file) {
        endpoints.set(&iam::API, url);
    }
    if by_sdk_variables || sdk_file.is_some() {
        for (service, variables) in [
            (&iam::API, variables::SDK_IAM_ENDPOINT),
            (&sts::API, variables::SDK_STS_ENDPOINT),
        ] {
            if !endpoints.is_set(service)
                && let Some(Ok(url)) = env.text(variables).map(|text| parse_endpoint(&text))
            {
                endpoints.set(service, url);
            }
        }
    }
    let default = Settings::default();
    Settings {
        endpoints,
        region,
        project_id,
        project_name: block.project_name.clone().as_option(),
        language: block.language.clone().as_option(),
        tls: Tls {
            insecure: block.insecure.unwrap_or(false),
            cacert: text(&block.cacert_file),
            cert: text(&block.cert),
            key: secret_text(&block.key),
            home: env.home(),
        },
        signing: text(&block.signing_algorithm)
            .and_then(|name| Algorithm::from_name(&name))
            .unwrap_or_default(),
        max_retries: (block.max_retries.as_option())
            .and_then(|retries| u32::try_from(retries).ok())
            .unwrap_or(default.max_retries),
        ..default
    }
}

/// The endpoints of a block that is valid and known.
fn endpoints(block: &ProviderBlock) -> Endpoints {
    let mut endpoints = match &block.cloud {
        Value::Value(cloud) => Endpoints::new(cloud),
        _ => Endpoints::default(),
    };
    if let Value::Value(url) = &block.auth_url
        && let Ok(url) = parse_auth_url(url)
    {
        endpoints.set(&iam::API, url);
    }
    for (key, url) in block.endpoints.as_ref_option().into_iter().flatten() {
        if let (Some(service), Value::Value(url)) = (apis::from_key(key), url)
            && let Ok(url) = parse_endpoint(url)
        {
            endpoints.set(service, url);
        }
    }
    endpoints
}

#[cfg(test)]
pub(super) mod tests;
