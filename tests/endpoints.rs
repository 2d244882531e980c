//! Our endpoint of every service in every region beside the official SDK's own tables.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/python.rs"]
mod python;

use std::collections::BTreeMap;

use terraform_provider_hwc::huaweicloud::endpoint::{Endpoints, Service};

/// Where we differ from the SDK on purpose: service, region, our URL, and why.
const ACCEPTED: [(&str, &str, &str, &str); 1] = [(
    "dcs",
    "eu-west-101",
    "https://dcs.eu-west-101.myhuaweicloud.eu/",
    "the region is on the European site, whose accounts and endpoints are those of myhuaweicloud.eu: this is how the \
     official provider finds it",
)];

#[test]
fn endpoints_are_those_of_the_official_sdk() {
    let endpoints = Endpoints::default();
    let mut regions: BTreeMap<String, usize> = BTreeMap::new();
    let mut differences = Vec::new();

    for line in python::ask("endpoints_reference.py", &[]) {
        let (name, region, theirs): (String, String, Vec<String>) =
            serde_json::from_str(&line).unwrap();
        let service = Service::from_key(&name).unwrap();
        let ours = endpoints.url(service, &region).unwrap().to_string();
        if !theirs.iter().any(|url| format!("{url}/") == ours) {
            differences.push((name.clone(), region, ours));
        }
        *regions.entry(name).or_default() += 1;
    }

    let accepted: Vec<_> = ACCEPTED
        .iter()
        .map(|(name, region, url, _)| (name.to_string(), region.to_string(), url.to_string()))
        .collect();
    assert_eq!(differences, accepted);
    for (service, least) in [("dcs", 30), ("taurusdb", 18), ("iam", 25), ("sts", 10)] {
        assert!(
            regions[service] >= least,
            "the SDK has {} regions of {service}: is its table still where it was?",
            regions[service]
        );
    }
}
