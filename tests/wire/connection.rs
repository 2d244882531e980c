//! Who is let in, and the services that go-plugin wants of every plugin.

use std::time::{Duration, Instant};

use terraform_provider_hwc::plugin::proto::health::HealthCheckRequest;
use terraform_provider_hwc::plugin::proto::health::health_client::HealthClient;
use terraform_provider_hwc::plugin::proto::tfplugin6 as wire;
use terraform_provider_hwc::plugin::proto::tfplugin6::provider_client::ProviderClient;

use crate::client::stdio;
use crate::host::{Host, Identity, connect};

#[tokio::test]
async fn only_the_host_is_let_in_and_the_others_do_not_disturb_it() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    let stranger = Identity::new();
    let strangers = [
        ("no certificate", None),
        ("another certificate of the same name", Some(&stranger)),
        (
            "the host's certificate with another key",
            Some(&host.identity.with_key_of(&stranger)),
        ),
    ];

    for (who, identity) in strangers {
        assert!(!host.admits(identity).await, "{who} was let in");
        assert!(
            provider
                .get_metadata(wire::get_metadata::Request {})
                .await
                .is_ok(),
            "after {who}"
        );
        assert!(host.admits(Some(&host.identity)).await, "after {who}");
    }
    let plaintext = connect(&host.socket, |stream| async { Ok(stream) }).await;
    if let Ok(channel) = plaintext {
        assert!(
            ProviderClient::new(channel)
                .get_metadata(wire::get_metadata::Request {})
                .await
                .is_err()
        );
    }
    assert!(host.admits(Some(&host.identity)).await, "after plaintext");
}

#[tokio::test]
async fn clients_that_say_nothing_hold_up_nobody() {
    let host = Host::start().await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(tokio::net::UnixStream::connect(&host.socket).await.unwrap());
    }

    let started = Instant::now();
    assert!(host.admits(Some(&host.identity)).await);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn its_health_is_serving() {
    let host = Host::start().await;
    let mut health = HealthClient::new(host.channel(Some(&host.identity)).await.unwrap());
    let check = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };

    assert_eq!(
        health
            .check(check("plugin"))
            .await
            .unwrap()
            .into_inner()
            .status,
        1
    );
    assert_eq!(
        health.check(check("")).await.unwrap().into_inner().status,
        1
    );
    assert_eq!(
        health.check(check("x")).await.unwrap_err().code(),
        tonic::Code::NotFound
    );
    let mut watched = health.watch(check("plugin")).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status, 1);
}

#[tokio::test]
async fn its_stdio_stream_stays_open_and_silent() {
    let host = Host::start().await;
    let mut stream = stdio(&host).await;

    let heard = tokio::time::timeout(Duration::from_millis(300), stream.message()).await;

    assert!(heard.is_err(), "heard {heard:?}");
}
