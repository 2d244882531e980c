//! Our endpoint of every service in every region beside the official SDK's own tables.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/python.rs"]
mod python;

use std::collections::BTreeMap;

use terraform_provider_hwc::huaweicloud::apis;
use terraform_provider_hwc::huaweicloud::das;
use terraform_provider_hwc::huaweicloud::endpoint::Endpoints;

const EUROPEAN: &str = "the region is on the European site, whose accounts and endpoints are those of \
    myhuaweicloud.eu: this is how the official provider finds it";
const GO_SDK: &str = "the Go SDK has an endpoint of STS in this region";
const INTERNATIONAL: &str = "the region is not in China: STS is asked in one that is not, either";

/// Where we differ from the SDK on purpose: service, region, our URL, and why.
const ACCEPTED: [(&str, &str, &str, &str); 5] = [
    (
        "dcs",
        "eu-west-101",
        "https://dcs.eu-west-101.myhuaweicloud.eu/",
        EUROPEAN,
    ),
    (
        "iam",
        "eu-west-101",
        "https://iam.eu-west-101.myhuaweicloud.eu/",
        EUROPEAN,
    ),
    (
        "sts",
        "eu-west-101",
        "https://sts.eu-west-101.myhuaweicloud.eu/",
        EUROPEAN,
    ),
    (
        "sts",
        "cn-north-9",
        "https://sts.cn-north-9.myhuaweicloud.com/",
        GO_SDK,
    ),
    (
        "sts",
        "cn-south-4",
        "https://sts.cn-south-4.myhuaweicloud.com/",
        GO_SDK,
    ),
];

/// Where STS is asked in a region outside of China that has none.
const STS_ABROAD: &str = "https://sts.ap-southeast-3.myhuaweicloud.com/";

#[test]
fn endpoints_are_those_of_the_official_sdk() {
    let endpoints = Endpoints::default();
    let mut regions: BTreeMap<String, usize> = BTreeMap::new();
    let mut differences = Vec::new();
    let (mut abroad, mut absent) = (0, 0);

    for line in python::ask("endpoints_reference.py", &[]) {
        let (name, region, theirs): (String, String, Vec<String>) =
            serde_json::from_str(&line).unwrap();
        let service = apis::from_key(&name).unwrap();
        if theirs.is_empty() {
            assert!(
                endpoints.url(service, &region).is_err(),
                "{name} in {region}"
            );
            absent += 1;
            continue;
        }
        let ours = endpoints.url(service, &region).unwrap().to_string();
        let is_abroad = name == "sts" && !region.starts_with("cn-") && ours == STS_ABROAD;
        if is_abroad && theirs == ["https://sts.cn-north-4.myhuaweicloud.com"] {
            abroad += 1;
        } else if !theirs.iter().any(|url| format!("{url}/") == ours) {
            differences.push((name.clone(), region, ours));
        }
        *regions.entry(name).or_default() += 1;
    }

    let mut accepted: Vec<_> = ACCEPTED
        .iter()
        .map(|(name, region, url, _)| (name.to_string(), region.to_string(), url.to_string()))
        .collect();
    differences.sort();
    accepted.sort();
    assert_eq!(differences, accepted);
    assert!(abroad >= 5, "{abroad} regions: {INTERNATIONAL}");
    assert_eq!(absent, das::API.absent_in.len());
    for (service, least) in [
        ("dcs", 30),
        ("taurusdb", 18),
        ("das", 17),
        ("opengauss", 23),
        ("geminidb", 25),
        ("ddm", 17),
        ("dds", 32),
        ("iam", 34),
        ("sts", 34),
    ] {
        assert!(
            regions[service] >= least,
            "the SDK has {} regions of {service}: is its table still where it was?",
            regions[service]
        );
    }
}
