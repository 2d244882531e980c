#![allow(clippy::unwrap_used)]

use super::*;
use crate::huaweicloud::{das, dcs, iam, opengauss, sts, taurusdb};

#[test]
fn hosts_follow_service_region_and_cloud() {
    let default = Endpoints::default();
    let partner = Endpoints::new("cloud.example.com");
    for (endpoints, service, region, url) in [
        (
            &default,
            &dcs::API,
            "cn-north-4",
            "https://dcs.cn-north-4.myhuaweicloud.com/",
        ),
        (
            &default,
            &taurusdb::API,
            "cn-north-4",
            "https://gaussdb.cn-north-4.myhuaweicloud.com/",
        ),
        (
            &default,
            &taurusdb::API,
            "ap-southeast-1",
            "https://gaussdbformysql.ap-southeast-1.myhuaweicloud.com/",
        ),
        (
            &default,
            &taurusdb::API,
            "af-south-1",
            "https://gaussdb-mysql.af-south-1.myhuaweicloud.com/",
        ),
        (
            &default,
            &dcs::API,
            "eu-west-101",
            "https://dcs.eu-west-101.myhuaweicloud.eu/",
        ),
        (
            &default,
            &dcs::API,
            "eu-west-0",
            "https://dcs.eu-west-0.myhuaweicloud.com/",
        ),
        (
            &default,
            &das::API,
            "na-mexico-1",
            "https://das.la-south-2.myhuaweicloud.com/",
        ),
        (
            &default,
            &das::API,
            "xx-new-9",
            "https://das.xx-new-9.myhuaweicloud.com/",
        ),
        (
            &partner,
            &das::API,
            "eu-west-0",
            "https://das.eu-west-0.cloud.example.com/",
        ),
        (
            &default,
            &opengauss::API,
            "cn-north-4",
            "https://gaussdb-opengauss.cn-north-4.myhuaweicloud.com/",
        ),
        (
            &default,
            &opengauss::API,
            "cn-east-5",
            "https://gaussdb.cn-east-5.myhuaweicloud.com/",
        ),
        (
            &partner,
            &iam::API,
            "eu-west-101",
            "https://iam.eu-west-101.cloud.example.com/",
        ),
        (
            &default,
            &sts::API,
            "xx-new-9",
            "https://sts.ap-southeast-3.myhuaweicloud.com/",
        ),
        (
            &default,
            &sts::API,
            "cn-north-1",
            "https://sts.cn-north-4.myhuaweicloud.com/",
        ),
        (
            &default,
            &sts::API,
            "cn-south-1",
            "https://sts.cn-south-1.myhuaweicloud.com/",
        ),
        (
            &default,
            &iam::API,
            "cn-southwest-3",
            "https://iam.myhuaweicloud.com/",
        ),
        (
            &default,
            &iam::API,
            "xx-new-9",
            "https://iam.myhuaweicloud.com/",
        ),
        (
            &default,
            &sts::API,
            "eu-west-101",
            "https://sts.eu-west-101.myhuaweicloud.eu/",
        ),
        (
            &Endpoints::new(DEFAULT_CLOUD),
            &iam::API,
            "cn-north-11",
            "https://iam.myhuaweicloud.com/",
        ),
        (
            &partner,
            &sts::API,
            "cn-north-1",
            "https://sts.cn-north-1.cloud.example.com/",
        ),
    ] {
        assert_eq!(endpoints.url(service, region).unwrap().as_str(), url);
    }
}

#[test]
fn an_endpoint_of_the_user_wins_in_every_region() {
    let mut endpoints = Endpoints::default();
    endpoints.set(
        &dcs::API,
        parse_endpoint("http://127.0.0.1:8080/x").unwrap(),
    );
    assert_eq!(
        endpoints.url(&dcs::API, "anywhere").unwrap().as_str(),
        "http://127.0.0.1:8080/x/"
    );
}

#[test]
fn a_region_without_the_api_has_no_endpoint_unless_the_user_knows_one() {
    let mut endpoints = Endpoints::default();
    for region in ["la-south-2", "eu-west-101"] {
        let error = endpoints.url(&das::API, region).unwrap_err();
        let Error::Settings(SettingsProblem::NoEndpoint {
            api: "das",
            region: named,
        }) = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!(named, region);
    }
    endpoints.set(&das::API, parse_endpoint("das.example.com").unwrap());
    assert_eq!(
        endpoints.url(&das::API, "la-south-2").unwrap().as_str(),
        "https://das.example.com/"
    );
}

#[test]
fn endpoints_are_urls_or_host_names_and_nothing_else() {
    for (text, url) in [
        ("dcs.example.com", "https://dcs.example.com/"),
        (
            "https://dcs.example.com/base/",
            "https://dcs.example.com/base/",
        ),
        ("http://[::1]:99", "http://[::1]:99/"),
    ] {
        assert_eq!(parse_endpoint(text).unwrap().as_str(), url, "{text}");
    }
    for text in [
        "",
        "ftp://x",
        "https://",
        "https://u:p@x",
        "https://x?y=1",
        "https://x#y",
        "a b",
        "https://x/%20",
    ] {
        assert!(parse_endpoint(text).is_err(), "{text}");
    }
}

#[test]
fn a_refused_endpoint_is_shown_only_when_it_cannot_hold_a_secret() {
    assert_eq!(shown("ftp://dcs.example.com"), "\"ftp://dcs.example.com\"");
    for text in [
        "https://ops:hunter2@dcs.example.com",
        "ops:hunter2@dcs.example.com",
        "https://dcs.example.com/?token=hunter2",
        "https://dcs.example.com/#hunter2",
        "https://ops:hunter2@dcs example.com",
    ] {
        let reason = parse_endpoint(text).unwrap_err();
        let message = format!("dcs is {}: {reason}.", shown(text));
        assert!(!message.contains("hunter2"), "{message}");
    }
}
