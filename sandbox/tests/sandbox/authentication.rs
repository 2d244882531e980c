use hwc_sandbox::Options;
use reqwest::Method;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::support::{Client, TestCloud, quick, start};

/// Any call that needs a signature.
async fn call(client: &Client) -> crate::support::Answer {
    client.get(&client.dcs("/jobs/none")).await
}

#[track_caller]
fn assert_refused(answer: &crate::support::Answer, reason: &str) {
    answer.assert_error(401, "APIGW.0301");
    let body = answer.json();
    let expected = format!("Incorrect IAM authentication information: {reason}");
    assert!(
        body["error_msg"].as_str().unwrap().starts_with(&expected),
        "{body}"
    );
    assert_eq!(
        body["request_id"].as_str().unwrap(),
        answer.headers["x-request-id"]
    );
}

#[tokio::test]
async fn a_request_signed_with_the_right_key_gets_through() {
    let cloud = start(quick()).await;
    call(&cloud.client).await.assert_error(400, "DCS.4070");
}

#[tokio::test]
async fn a_wrong_secret_key_is_refused_without_telling_the_right_one() {
    let cloud = start(quick()).await;
    let client = Client {
        secret_key: "wrong".to_owned(),
        ..cloud.client.clone()
    };
    let answer = call(&client).await;
    assert_refused(&answer, "verify aksk signature fail");
    assert!(!answer.text.contains(&cloud.sandbox.ready().secret_key));
}

#[tokio::test]
async fn an_unknown_access_key_is_refused() {
    let cloud = start(quick()).await;
    let client = Client {
        access_key: "UNKNOWN".to_owned(),
        ..cloud.client.clone()
    };
    assert_refused(
        &call(&client).await,
        "Get secretKey failed, err:ak not exist",
    );
}

#[tokio::test]
async fn a_clock_may_be_off_by_a_quarter_of_an_hour_but_not_more() {
    let cloud = start(quick()).await;
    for (minutes, accepted) in [(-20, false), (-14, true), (14, true), (20, false)] {
        let signed_at = Some(OffsetDateTime::now_utc() + Duration::minutes(minutes));
        let answer = call(&Client {
            signed_at,
            ..cloud.client.clone()
        })
        .await;
        if accepted {
            answer.assert_error(400, "DCS.4070");
        } else {
            assert_refused(&answer, "signature expired, signature time: ");
        }
    }
}

#[tokio::test]
async fn a_request_without_a_readable_signature_is_refused() {
    let cloud = start(quick()).await;
    let path = cloud.client.dcs("/jobs/none");
    let cases = [
        (vec![], "x-auth-token not found"),
        (
            vec![("authorization", "Basic YTpi".to_owned())],
            "authorization header format incorrect",
        ),
        (
            vec![("x-auth-token", "made up".to_owned())],
            "decrypt token fail",
        ),
        (
            vec![(
                "authorization",
                "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=00".to_owned(),
            )],
            "x-sdk-date not found",
        ),
    ];
    for (headers, reason) in cases {
        let answer = cloud
            .client
            .send_unsigned(Method::GET, &path, &headers, "")
            .await
            .unwrap();
        assert_refused(&answer, reason);
    }
}

#[tokio::test]
async fn a_body_that_was_changed_on_the_way_is_refused() {
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(quick()).await;
    // Signed as if the body were another one.
    let lying = Client {
        headers: vec![("x-sdk-content-sha256", "00".repeat(32))],
        ..client.clone()
    };
    let path = client.dcs("/instances/i/clients/kill-all");
    assert_refused(
        &lying.post(&path, &json!({"kill_all_nodes": true})).await,
        "verify aksk signature fail",
    );
}

#[tokio::test]
async fn another_project_than_the_callers_is_refused() {
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(quick()).await;
    let other = "0".repeat(32);
    client
        .get(&format!("/v2/{other}/jobs/none"))
        .await
        .assert_error(403, "APIGW.0302");

    let in_header = Client {
        headers: vec![("x-project-id", other)],
        ..client.clone()
    };
    call(&in_header).await.assert_error(403, "APIGW.0302");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_no_api() {
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(quick()).await;
    client
        .get("/v1/elsewhere")
        .await
        .assert_error(404, "APIGW.0101");
    client
        .delete(&client.dcs("/jobs/none"), &json!({}))
        .await
        .assert_error(404, "APIGW.0101");
}

#[tokio::test]
async fn the_keys_are_those_of_the_options() {
    let options = Options {
        access_key: Some("AK".to_owned()),
        secret_key: Some("SK".into()),
        project_id: Some("p".repeat(32)),
        region: "eu-west-101".to_owned(),
        ..quick()
    };
    let TestCloud { sandbox, client } = start(options).await;
    let ready = sandbox.ready();
    assert_eq!(
        (ready.access_key.as_str(), ready.secret_key.as_str()),
        ("AK", "SK")
    );
    assert_eq!(
        (ready.project_id.as_str(), ready.region.as_str()),
        ("p".repeat(32).as_str(), "eu-west-101")
    );
    call(&client).await.assert_error(400, "DCS.4070");
}
