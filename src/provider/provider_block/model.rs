//! The `provider "hwc"` block: every argument once, with its words, the variables that stand in for it, and its rule.
//!
//! The variables are those of the official `huaweicloud` provider, in its order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tf_provider::schema::{Block, Description, NestedBlock};
use tf_provider::value::Value;
use tf_provider::{AttributePath, map};
use url::Url;

use super::table::{
    Argument, Blocks, HclBlock, Purpose, Refusal, Secret, block, blocks_not_known, refusals_in,
    setting, sign_in,
};
use crate::huaweicloud::endpoint::{parse_endpoint, shown};
use crate::huaweicloud::sign::Algorithm;
use crate::provider::environment::Environment;

block! {
    /// The `provider "hwc"` block as Terraform sends it. It cannot be printed: an endpoint that was not checked yet may
    /// hold a password.
    ProviderBlock {
        region: String = setting(&["HW_REGION_NAME", "OS_REGION_NAME"],
            "Region of the instances, for example `cn-north-4`.")
            .valid("A region's name has letters, digits and hyphens, for example \"cn-north-4\".",
                refused_region);
        project_id: String = setting(&["HW_PROJECT_ID", "OS_PROJECT_ID", "OS_TENANT_ID"],
            "Project of `region`, 32 letters and digits. By default the provider looks it up in IAM by `project_name`, once, when a call first needs it.")
            .valid("A project ID has 32 characters, only letters and digits. If project_id is not set, the provider looks up the project by the name of the region.",
                refused_project_id);
        project_name: String = setting(&["HW_PROJECT_NAME", "OS_PROJECT_NAME", "OS_TENANT_NAME"],
            "Name of the project to look up, by default the region's name.");
        cloud: String = setting(&["HW_CLOUD"],
            "Domain name of the cloud, by default `myhuaweicloud.com`, and `myhuaweicloud.eu` for the regions `eu-west-1…` of the European site.")
            .valid("It is a domain name without scheme, for example \"myhuaweicloud.eu\".",
                refused_cloud);
        auth_url: String = setting(&["HW_AUTH_URL", "OS_AUTH_URL"],
            "URL of IAM, by default `https://iam.REGION.CLOUD`, or `https://iam.CLOUD` for a region where IAM has no name of its own.")
            .valid("Write it as \"https://iam.example.com\".",
                |url: &String| Some(format!("{}: {}", shown(url), parse_auth_url(url).err()?)));
        endpoints: BTreeMap<String, Value<String>> = setting(&[],
            "URLs of services where they differ from `https://SERVICE.REGION.CLOUD`. Keys: `dcs`, `taurusdb` (or `gaussdb`), `das`, `opengauss`, `geminidb`, `ddm`, `dds`, `iam`, `sts`. `rds` is accepted and has no effect.");
        insecure: bool = setting(&["HW_INSECURE", "OS_INSECURE"],
            "Accept every TLS certificate. For tests only: an attacker on the way can read and change the calls.")
            .valid("It is true or false.", |_| None);
        cacert_file: String = setting(&["OS_CACERT"],
            "Certificates (PEM) of the authorities to trust instead of the machine's own, as a path or as the text itself.");
        cert: String = setting(&["OS_CERT"],
            "Client certificate (PEM) to present, as a path or as the text itself.");
        key: Secret = setting(&["OS_KEY"],
            "Private key (PEM, not encrypted) of the client certificate, as a path or as the text itself.");
        signing_algorithm: String = setting(&["HW_SIGNING_ALGORITHM"],
            "How requests are signed with keys: `HmacSHA256` (the default), `HmacSM3` or `EcdsaP256SHA256`.")
            .valid("This provider knows HmacSHA256, HmacSM3, EcdsaP256SHA256.",
                refused_algorithm);
        // With 20 seconds between attempts, 180 are an hour.
        max_retries: i64 = setting(&["HW_MAX_RETRIES"],
            "Maximum number of times that the provider repeats a call that certainly had no effect (0 to 180, by default 5). Calls that wait for a busy instance or because of throttling (429) do not count; the create time-out limits them.")
            .valid("It is a whole number from 0 to 180.",
                |retries| unless((0..=180).contains(retries), retries));
        language: String = setting(&[],
            "Language of the service's messages: `en-us` or `zh-cn`.")
            .valid("The services know \"en-us\" and \"zh-cn\".",
                |language: &String| unless(matches!(language.as_str(), "en-us" | "zh-cn"), language));

        token: Secret = sign_in(&["HW_AUTH_TOKEN", "OS_AUTH_TOKEN"],
            "User token. It is valid for one project, and so for one region.");
        access_key: String = sign_in(&["HW_ACCESS_KEY", "OS_ACCESS_KEY"],
            "Access key ID (AK).");
        secret_key: Secret = sign_in(&["HW_SECRET_KEY", "OS_SECRET_KEY"],
            "Secret access key (SK).");
        security_token: Secret = sign_in(&["HW_SECURITY_TOKEN"],
            "Security token that belongs to a temporary access key.");
        user_name: String = sign_in(&["HW_USER_NAME", "OS_USERNAME"],
            "Name of the IAM user to sign in as, with `password` and the account in `domain_name` or `domain_id`.");
        user_id: String = sign_in(&["HW_USER_ID", "OS_USER_ID"],
            "ID of the IAM user to sign in as, with `password`.");
        password: Secret = sign_in(&["HW_USER_PASSWORD", "OS_PASSWORD"],
            "Password of that user.");
        domain_name: String = sign_in(&["HW_DOMAIN_NAME", "OS_DOMAIN_NAME", "OS_USER_DOMAIN_NAME", "OS_PROJECT_DOMAIN_NAME"],
            "Name of the account that the user belongs to.");
        domain_id: String = sign_in(&["HW_DOMAIN_ID", "OS_DOMAIN_ID", "OS_USER_DOMAIN_ID", "OS_PROJECT_DOMAIN_ID"],
            "ID of the account that the user belongs to.");
        shared_config_file: String = sign_in(&["HW_SHARED_CONFIG_FILE"],
            "Path of the configuration file of the `hcloud` command-line tool, by default `~/.hcloud/config.json` if `profile` is set. Its secrets must not be encrypted: `hcloud configure set --cli-auth-encrypt=false`.");
        profile: String = sign_in(&["HW_PROFILE"],
            "Name of a profile in that file, of mode AKSK, SSO or ecsAgency; by default the current one.");
    }
    blocks {
        assume_role: AssumeRoleBlock in NestedBlock::List =
            "An agency (role) to assume with the other credentials. Several blocks are a chain: each agency is assumed with the keys of the one before. The provider renews the keys during a run.";
        assume_role_with_oidc: OidcBlock in NestedBlock::Optional =
            "Signs in with the ID token of an OpenID Connect identity provider, for example in a pipeline, so that no secret has to be stored. Agencies in `assume_role` are assumed afterwards.";
    }
}

block! {
    /// An `assume_role` block.
    AssumeRoleBlock {
        agency_name: String = sign_in(&["HW_ASSUME_ROLE_AGENCY_NAME"],
            "Name of the agency. The variable assumes an agency also without a block.");
        domain_name: String = sign_in(&["HW_ASSUME_ROLE_DOMAIN_NAME"],
            "Name of the account that the agency belongs to.");
        domain_id: String = sign_in(&["HW_ASSUME_ROLE_DOMAIN_ID"],
            "ID of the account that the agency belongs to, instead of its name. The provider then assumes the agency through STS v5, which trust agencies require.");
        // The bounds are IAM's.
        duration: i64 = sign_in(&["HW_ASSUME_ROLE_DURATION"],
            "Lifetime of the keys in seconds, 900 to 86400; by default 3600. With `domain_id` at most 43200, and at most 3600 if the agency is assumed with temporary keys, as in a chain.")
            .valid("It is a whole number of seconds from 900 to 86400.",
                |seconds| unless((900..=86_400).contains(seconds), seconds));
    }
}

block! {
    /// The `assume_role_with_oidc` block.
    OidcBlock {
        idp_id: String = sign_in(&["HW_ASSUME_ROLE_IDP_ID"],
            "ID of the identity provider in IAM. The variable signs in this way also without a block.");
        id_token: Secret = sign_in(&["HW_ASSUME_ROLE_ID_TOKEN"],
            "The ID token.");
        id_token_file: String = sign_in(&["HW_ASSUME_ROLE_ID_TOKEN_FILE"],
            "Path of a file with the ID token, which the provider reads again whenever it needs new keys.");
    }
}

/// The value as an error shows it, if it is not valid.
fn unless(valid: bool, value: impl std::fmt::Debug) -> Option<String> {
    (!valid).then(|| format!("{value:?}"))
}

fn refused_region(region: &String) -> Option<String> {
    let in_names = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    unless(!region.is_empty() && region.chars().all(in_names), region)
}

fn refused_project_id(id: &String) -> Option<String> {
    let valid = id.len() == 32 && id.bytes().all(|b| b.is_ascii_alphanumeric());
    (!valid).then(|| format!("{id:?}, {} characters", id.chars().count()))
}

fn refused_cloud(cloud: &String) -> Option<String> {
    let host = format!("iam.{cloud}");
    let url = Url::parse(&format!("https://{host}/"));
    let valid = url.is_ok_and(|url| url.host_str() == Some(&host));
    (!valid).then(|| shown(cloud))
}

/// An empty name counts as not given.
fn refused_algorithm(name: &String) -> Option<String> {
    unless(
        name.is_empty() || Algorithm::from_name(name).is_some(),
        name,
    )
}

/// `auth_url` as users have it for other tools: with the API's version at the end, which is not part of the base.
pub(super) fn parse_auth_url(text: &str) -> Result<Url, String> {
    let base = text.trim().trim_end_matches('/');
    let base = base
        .strip_suffix("/v3.0")
        .or_else(|| base.strip_suffix("/v3"))
        .unwrap_or(base);
    parse_endpoint(base)
}
