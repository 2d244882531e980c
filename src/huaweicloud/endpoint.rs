//! Where each service answers, by region and cloud, and what the user says otherwise.

use std::collections::BTreeMap;

use url::Url;

use super::error::{Error, SettingsProblem};

/// The cloud that most accounts live in.
pub const DEFAULT_CLOUD: &str = "myhuaweicloud.com";

/// The European site, another cloud with accounts of its own.
pub const EUROPEAN_CLOUD: &str = "myhuaweicloud.eu";

/// How the names of the European site's regions begin: `eu-west-101`. `eu-west-0` is in the other cloud.
const EUROPEAN_REGIONS: &str = "eu-west-1";

/// Regions where TaurusDB answers under `gaussdbformysql` instead of `gaussdb`.
const GAUSSDB_FOR_MYSQL_REGIONS: [&str; 5] = [
    "ap-southeast-1",
    "ap-southeast-2",
    "cn-north-11",
    "tr-west-1",
    "me-east-1",
];

/// Regions where TaurusDB answers under `gaussdb-mysql` instead of `gaussdb`.
const GAUSSDB_DASH_MYSQL_REGIONS: [&str; 4] =
    ["af-south-1", "cn-east-5", "la-north-2", "cn-southwest-3"];

/// Regions of [`DEFAULT_CLOUD`] where IAM has a name of its own (table of the official SDK). The global name serves all
/// regions.
const REGIONS_WITH_IAM: [&str; 27] = [
    "ae-ad-1",
    "af-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "cn-east-2",
    "cn-east-3",
    "cn-east-4",
    "cn-east-5",
    "cn-north-1",
    "cn-north-12",
    "cn-north-2",
    "cn-north-4",
    "cn-north-9",
    "cn-south-1",
    "cn-south-2",
    "cn-southwest-2",
    "eu-west-0",
    "la-north-2",
    "la-south-2",
    "me-east-1",
    "my-kualalumpur-1",
    "na-mexico-1",
    "ru-moscow-1",
    "sa-brazil-1",
    "tr-west-1",
];

/// Regions of [`DEFAULT_CLOUD`] where STS answers (tables of the official Python and Go SDKs).
const REGIONS_WITH_STS: [&str; 14] = [
    "af-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "cn-east-3",
    "cn-north-4",
    "cn-north-9",
    "cn-south-1",
    "cn-south-4",
    "cn-southwest-2",
    "la-south-2",
    "sa-brazil-1",
    "tr-west-1",
];

/// The region whose STS is asked for a region that has none. The documents allow any; the official SDK takes cn-north-4
/// for all. Calls from outside of China stay outside.
fn region_of_sts(region: &str) -> &str {
    match region {
        _ if REGIONS_WITH_STS.contains(&region) => region,
        _ if region.starts_with("cn-") => "cn-north-4",
        _ => "ap-southeast-3",
    }
}

/// A service of Huawei Cloud that this client calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Distributed Cache Service.
    Dcs,
    /// TaurusDB, formerly GaussDB(for MySQL).
    TaurusDb,
    /// Identity and Access Management.
    Iam,
    /// Security Token Service.
    Sts,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Dcs, Self::TaurusDb, Self::Iam, Self::Sts];

    /// The key in the provider's `endpoints` map.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Dcs => "dcs",
            Self::TaurusDb => "taurusdb",
            Self::Iam => "iam",
            Self::Sts => "sts",
        }
    }

    /// The service of a key in `endpoints`; `gaussdb` is what the official provider calls TaurusDB.
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "dcs" => Some(Self::Dcs),
            "taurusdb" | "gaussdb" => Some(Self::TaurusDb),
            "iam" => Some(Self::Iam),
            "sts" => Some(Self::Sts),
            _ => None,
        }
    }

    /// The first label of the host name in a region.
    fn host_label(self, region: &str) -> &'static str {
        match self {
            Self::Dcs => "dcs",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::TaurusDb if GAUSSDB_FOR_MYSQL_REGIONS.contains(&region) => "gaussdbformysql",
            Self::TaurusDb if GAUSSDB_DASH_MYSQL_REGIONS.contains(&region) => "gaussdb-mysql",
            Self::TaurusDb => "gaussdb",
        }
    }
}

/// Where the services answer.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// The cloud that the user gave; else it follows from the region.
    cloud: Option<String>,
    overrides: BTreeMap<Service, Url>,
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

    /// Sends the calls of `service` to `url` in every region.
    pub fn set(&mut self, service: Service, url: Url) {
        self.overrides.insert(service, url);
    }

    /// Is the endpoint of `service` set by the user?
    pub fn is_set(&self, service: Service) -> bool {
        self.overrides.contains_key(&service)
    }

    /// The base URL of `service` in `region`. A region that is not in any table has one too: new regions open, and
    /// partners have their own.
    ///
    /// # Errors
    /// [`Error::Settings`] when cloud and region make no host name.
    pub fn url(&self, service: Service, region: &str) -> Result<Url, Error> {
        if let Some(url) = self.overrides.get(&service) {
            return Ok(url.clone());
        }
        let cloud = self.cloud(region);
        let label = service.host_label(region);
        let host = match service {
            Service::Iam if cloud == DEFAULT_CLOUD && !REGIONS_WITH_IAM.contains(&region) => {
                format!("{label}.{cloud}")
            }
            Service::Sts if cloud == DEFAULT_CLOUD => {
                format!("{label}.{}.{cloud}", region_of_sts(region))
            }
            _ => format!("{label}.{region}.{cloud}"),
        };
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
        "not shown here, since it may hold a secret".to_owned()
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
