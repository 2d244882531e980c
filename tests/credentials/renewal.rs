//! Temporary credentials are renewed in time, once for all calls.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hwc_sandbox::Options;
use serde_json::{Value, json};
use terraform_provider_hwc::huaweicloud::client::Client;
use terraform_provider_hwc::huaweicloud::clock::SystemClock;
use terraform_provider_hwc::huaweicloud::credentials::assume_role::{AgencyDomain, Role};
use terraform_provider_hwc::huaweicloud::credentials::chain::{Inputs, SignIn};
use terraform_provider_hwc::huaweicloud::error::Error;

use crate::cloud::{Cloud, SlowClock, nothing};

const CALLERS: usize = 40;

/// Signs in as the agency: keys that expire.
fn agency(cloud: &Cloud) -> SignIn {
    let role = Role {
        agency: cloud.ready().agency_name.clone(),
        domain: AgencyDomain::Id(cloud.ready().domain_id.clone()),
        duration: None,
    };
    SignIn {
        variables: cloud.keys(),
        roles: Ok(vec![role]),
        ..nothing()
    }
}

async fn cloud_with_life(life: Duration) -> Arc<Cloud> {
    let options = Options {
        credential_lifetime: life,
        ..Options::default()
    };
    Arc::new(Cloud::with(options).await)
}

/// Many calls at once; how each ended.
async fn calls_at_once(cloud: &Arc<Cloud>, client: &Client) -> Vec<Result<(), Error>> {
    let calls: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (cloud, client) = (Arc::clone(cloud), client.clone());
            tokio::spawn(async move { cloud.call(&client).await })
        })
        .collect();
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await.unwrap());
    }
    results
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_begin_together_sign_in_once() {
    let cloud = cloud_with_life(Duration::from_secs(3600)).await;
    let client = cloud.client(&agency(&cloud));

    let results = calls_at_once(&cloud, &client).await;

    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(cloud.sign_ins().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_go_on_for_many_lives_of_the_keys_never_meet_expired_ones() {
    let life = Duration::from_secs(2);
    let cloud = cloud_with_life(life).await;
    let client = cloud.client(&agency(&cloud));
    let started = Instant::now();

    while started.elapsed() < 3 * life {
        let results = calls_at_once(&cloud, &client).await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let sign_ins = cloud.sign_ins().await.len();
    // Each is renewed after four fifths of its life.
    assert!((3..=6).contains(&sign_ins), "{sign_ins}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_cloud_calls_expired_are_renewed_once_and_the_calls_repeated() {
    let life = Duration::from_secs(2);
    let cloud = cloud_with_life(life).await;
    // By this clock, the keys are good for another five minutes.
    let clock = SlowClock(Duration::from_secs(300));
    let client = cloud.client_with(&agency(&cloud), Arc::new(clock));
    cloud.call(&client).await.unwrap();
    tokio::time::sleep(life).await;

    let results = calls_at_once(&cloud, &client).await;

    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(cloud.sign_ins().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_chain_only_what_has_expired_is_renewed() {
    let life = Duration::from_secs(2);
    let cloud = cloud_with_life(life).await;
    let mut sign_in = agency(&cloud);
    let role = sign_in.roles.clone().unwrap().remove(0);
    sign_in.roles = Ok(vec![role.clone(), role]);
    let clock = SlowClock(Duration::from_secs(300));
    let client = cloud.client_with(&sign_in, Arc::new(clock));
    cloud.call(&client).await.unwrap();
    assert_eq!(cloud.sign_ins().await.len(), 2);
    tokio::time::sleep(life).await;

    cloud.call(&client).await.unwrap();

    // The second agency is asked for with the first one's keys, which are refused, so that these are renewed first.
    assert_eq!(cloud.sign_ins().await.len(), 2 + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_wait_together_share_a_refusal() {
    let cloud = cloud_with_life(Duration::from_secs(3600)).await;
    let client = cloud.client(&agency(&cloud));
    cloud
        .break_calls("/agencies/assume", 403, Duration::from_millis(500))
        .await;

    let results = calls_at_once(&cloud, &client).await;

    assert!(
        results
            .iter()
            .all(|result| matches!(result, Err(Error::SignIn { .. }))),
        "{results:?}"
    );
    assert_eq!(cloud.sign_ins().await.len(), 1);
    // It was theirs, not for ever: the next call asks again.
    cloud.call(&client).await.unwrap_err();
    assert_eq!(cloud.sign_ins().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_old_keys_are_good_a_source_that_is_out_of_order_stops_nobody() {
    let life = Duration::from_secs(5);
    let cloud = cloud_with_life(life).await;
    let client = cloud.client_with(&agency(&cloud), Arc::new(SystemClock));
    cloud.call(&client).await.unwrap();
    cloud
        .break_calls("/agencies/assume", 500, Duration::ZERO)
        .await;
    tokio::time::sleep(life.mul_f64(0.85)).await;

    cloud.call(&client).await.unwrap();

    assert!(cloud.sign_ins().await.len() > 1, "new keys were asked for");
}

/// The next call that looks at a job is answered 401, with these words.
async fn refuse_once(cloud: &Cloud, code: &str, message: &str, headers: Value) {
    cloud
        .fault(json!({
            "path_contains": "/jobs/", "status": 401, "times": 1, "headers": headers,
            "body": {"error_code": code, "error_msg": message},
        }))
        .await;
}

const TOKEN: (&str, &str) = ("APIGW.0307", "The token must be updated.");
const SIGNATURE: (&str, &str) = (
    "APIGW.0301",
    "Incorrect IAM authentication information: verify aksk signature fail",
);
const LOCKED: (&str, &str) = (
    "APIGW.0301",
    "Incorrect IAM authentication information: AK access failed to reach the limit, forbidden",
);
const LATE: (&str, &str) = (
    "APIGW.0301",
    "Incorrect IAM authentication information: signature expired, signature time: 20260101T000000Z",
);

#[tokio::test]
async fn what_the_client_fetched_itself_is_fetched_again_once_after_a_401() {
    let cloud = cloud_with_life(Duration::from_secs(3600)).await;
    let password = SignIn {
        variables: Inputs {
            user_id: Some(cloud.ready().user_id.clone()),
            password: Some(cloud.ready().user_password.as_str().into()),
            ..Inputs::default()
        },
        ..nothing()
    };
    for (name, sign_in, (code, message)) in [
        ("a token by password", password, TOKEN),
        ("keys of an agency", agency(&cloud), SIGNATURE),
    ] {
        let client = cloud.client(&sign_in);
        cloud.call(&client).await.unwrap();
        let before = cloud.sign_ins().await.len();

        refuse_once(&cloud, code, message, json!({})).await;
        cloud
            .call(&client)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(cloud.sign_ins().await.len(), before + 1, "{name}");

        // Once: a second refusal of the same call is final.
        for _ in 0..2 {
            refuse_once(&cloud, code, message, json!({})).await;
        }
        cloud.call(&client).await.unwrap_err();
        assert_eq!(cloud.sign_ins().await.len(), before + 2, "{name}");
    }
}

#[tokio::test]
async fn a_401_that_a_new_credential_cannot_help_is_final() {
    let cloud = cloud_with_life(Duration::from_secs(3600)).await;
    let keys = SignIn {
        variables: cloud.keys(),
        ..nothing()
    };
    let long_ago = json!({"Date": "Thu, 01 Jan 2026 00:00:00 GMT"});
    for (name, sign_in, (code, message), headers) in [
        ("the user's keys", keys, SIGNATURE, json!({})),
        ("a locked key", agency(&cloud), LOCKED, json!({})),
        ("a late signature", agency(&cloud), LATE, json!({})),
        ("a clock that is off", agency(&cloud), SIGNATURE, long_ago),
    ] {
        let client = cloud.client(&sign_in);
        cloud.call(&client).await.unwrap();
        let before = cloud.calls().await.len();

        refuse_once(&cloud, code, message, headers).await;
        let error = cloud.call(&client).await.unwrap_err();

        assert_eq!(error.api().map(|answer| answer.status), Some(401), "{name}");
        assert_eq!(cloud.calls().await.len(), before + 1, "{name}");
    }
}
