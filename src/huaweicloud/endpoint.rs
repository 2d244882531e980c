//! Where each service answers, by region and cloud, and what the user says otherwise.

use std::collections::BTreeMap;

use url::Url;

use super::api::Api;
use super::error::{Error, SettingsProblem};

/// The cloud that most accounts live in.
pub const DEFAULT_CLOUD: &str = "myhuaweicloud.com";

/// The European site, another cloud with accounts of its own.
pub const EUROPEAN_CLOUD: &str = "myhuaweicloud.eu";

/// How the names of the European site's regions begin: `eu-west-101`. `eu-west-0` is in the other cloud.
const EUROPEAN_REGIONS: &str = "eu-west-1";

/// Where the services answer.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// The cloud that the user gave; else it follows from the region.
    cloud: Option<String>,
    /// By the key of the API.
    overrides: BTreeMap<&'static str, Url>,
}

impl Endpoints {
    /// The endpoints of a cloud, by its domain name: `myhuaweicloud.com`, `myhuaweicloud.eu`, or that of a partner.
    /// By default the cloud follows from the region.
    pub fn new(cloud: impl Into<String>) -> Self {
        Self {
            cloud: Some(cloud.into()),
            overrides: BTreeMap::new(),
        }
    }

    fn cloud(&self, region: &str) -> &str {
        match &self.cloud {
            Some(cloud) => cloud,
            None if region.starts_with(EUROPEAN_REGIONS) => EUROPEAN_CLOUD,
            None => DEFAULT_CLOUD,
        }
    }

    /// Sends the calls of `api` to `url` in every region.
    pub fn set(&mut self, api: &Api, url: Url) {
        self.overrides.insert(api.key, url);
    }

    /// Is the endpoint of `api` set by the user?
    pub fn is_set(&self, api: &Api) -> bool {
        self.overrides.contains_key(api.key)
    }

    /// The base URL of `api` in `region`. A region that is not in any table has one too: new regions open, and
    /// partners have their own.
    ///
    /// # Errors
    /// [`Error::Settings`] when the region is known not to have the API, or cloud and region make no host name.
    pub fn url(&self, api: &Api, region: &str) -> Result<Url, Error> {
        if let Some(url) = self.overrides.get(api.key) {
            return Ok(url.clone());
        }
        let cloud = self.cloud(region);
        let has_tables = [DEFAULT_CLOUD, EUROPEAN_CLOUD].contains(&cloud);
        if has_tables && api.absent_in.contains(&region) {
            return Err(Error::Settings(SettingsProblem::NoEndpoint {
                api: api.key,
                region: region.to_owned(),
            }));
        }
        let host = (api.host)(region, cloud);
        Url::parse(&format!("https://{host}/")).map_err(|reason| {
            Error::Settings(SettingsProblem::HostName {
                region: region.to_owned(),
                cloud: cloud.to_owned(),
                reason: reason.to_string(),
            })
        })
    }
}

/// An endpoint that was refused, for a message: in quotes, or without its text when it may hold a password or a token.
pub fn shown(text: &str) -> String {
    if text.contains(['@', '?', '#']) {
        "not shown, because it may contain a secret".to_owned()
    } else {
        format!("{text:?}")
    }
}

/// Reads an endpoint as users write it: a URL, or a host name, which means https. A path is kept as a prefix.
///
/// # Errors
/// In words, when it is not one.
pub fn parse_endpoint(text: &str) -> Result<Url, String> {
    let text = text.trim();
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let mut url = Url::parse(&with_scheme).map_err(|reason| format!("not a URL: {reason}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "the scheme must be https or http, not {}",
            url.scheme()
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it has no host name".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not carry a user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it must not carry a query or fragment".to_owned());
    }
    if url.path().contains('%') {
        return Err("its path must be plain ASCII".to_owned());
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{path}/"));
    Ok(url)
}

#[cfg(test)]
mod tests;
