#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[tokio::test(start_paused = true)]
async fn refused_calls_count_too() {
    let throttle = Throttle::new(Some("2/1m".parse().unwrap()));
    let pass = async |seconds| tokio::time::advance(Duration::from_secs(seconds)).await;
    let is_admitted = |api| throttle.admit(api).is_ok();

    assert!(is_admitted("list") && is_admitted("list"));
    assert!(!is_admitted("list"));
    assert!(is_admitted("kill"), "each API has a limit of its own");
    pass(30).await;
    assert!(!is_admitted("list"));
    pass(30).await;
    assert!(is_admitted("list"), "only the call of 30 s ago counts");
    assert!(!is_admitted("list"));
    pass(60).await;
    assert!(is_admitted("list") && is_admitted("list"));
}

#[test]
fn the_gateway_names_the_limit() {
    for (limit, words) in [
        ("60/1m", "limit:60,time:1 minute"),
        ("10/120s", "limit:10,time:2 minute"),
        ("3/5s", "limit:3,time:5 second"),
    ] {
        assert_eq!(limit.parse::<RateLimit>().unwrap().words(), words);
    }
    for text in ["", "60", "60/", "many/1m", "60/1500ms", "60/0s"] {
        assert!(text.parse::<RateLimit>().is_err(), "{text}");
    }
}
