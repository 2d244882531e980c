//! The metadata service of an ECS.

use std::time::{Duration, Instant};

use terraform_provider_hwc::huaweicloud::credentials::chain::SignIn;
use terraform_provider_hwc::huaweicloud::credentials::metadata::Metadata;
use terraform_provider_hwc::huaweicloud::error::{
    CredentialProblem, Error, MachineSignIn, MetadataProblem,
};
use tokio::net::TcpListener;

use crate::cloud::{Cloud, nothing};
use crate::support::free_port;

const SESSION: &str = "PUT /meta-data/latest/api/token";
const KEYS: &str = "GET /openstack/latest/securitykey";

fn at(url: &str) -> SignIn {
    SignIn {
        metadata: Metadata::At(format!("{url}/").parse().unwrap()),
        ..nothing()
    }
}

#[tokio::test]
async fn the_machines_keys_are_fetched_with_a_session_token_once() {
    let cloud = Cloud::start().await;
    let client = cloud.client(&at(&cloud.ready().url));

    cloud.call(&client).await.unwrap();
    cloud.call(&client).await.unwrap();

    assert_eq!(cloud.sign_ins().await, [SESSION, KEYS]);
}

#[tokio::test]
async fn where_no_session_token_is_offered_the_keys_are_fetched_without() {
    for status in [404, 405, 503] {
        let cloud = Cloud::start().await;
        cloud
            .break_calls("/api/token", status, Duration::ZERO)
            .await;
        let client = cloud.client(&at(&cloud.ready().url));

        cloud.call(&client).await.unwrap();

        assert_eq!(cloud.sign_ins().await, [SESSION, KEYS], "{status}");
    }
}

/// Where the metadata service was asked as the last resort, and why it gave no keys.
fn no_keys(error: Error) -> (String, String) {
    let Error::Credentials(CredentialProblem::Machine {
        because: MachineSignIn::NothingElseGiven,
        problem: MetadataProblem::NoKeys { endpoint, reason },
    }) = error
    else {
        panic!("{error:?}")
    };
    (endpoint, reason)
}

#[tokio::test]
async fn a_machine_without_an_agency_is_told_to_have_one() {
    let cloud = Cloud::start().await;
    cloud.break_calls("securitykey", 404, Duration::ZERO).await;

    let error = cloud
        .call(&cloud.client(&at(&cloud.ready().url)))
        .await
        .unwrap_err();

    let (endpoint, reason) = no_keys(error);
    assert_eq!(endpoint, cloud.ready().url);
    for part in ["404", "agency"] {
        assert!(reason.contains(part), "{part:?} is not in: {reason}");
    }
}

#[tokio::test]
async fn a_machine_that_is_no_ecs_is_told_soon() {
    let cloud = Cloud::start().await;
    // Takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}", silent.local_addr().unwrap());
    let nobody_url = format!("http://127.0.0.1:{}", free_port());

    for (url, reason) in [
        (silent_url, "no answer in time"),
        (nobody_url, "there is no answer"),
    ] {
        let started = Instant::now();
        let error = cloud.call(&cloud.client(&at(&url))).await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(5), "{error}");
        let (endpoint, told) = no_keys(error);
        assert_eq!(endpoint, url);
        assert!(told.contains(reason), "{reason:?} is not in: {told}");
    }
}
