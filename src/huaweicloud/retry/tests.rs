#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use time::macros::datetime;
use tokio_util::sync::CancellationToken;

use super::super::clock::SystemClock;
use super::super::error::RequestLine;
use super::*;

fn line() -> RequestLine {
    RequestLine {
        method: Method::POST,
        origin: "https://dcs.example.com".to_owned(),
        path: "/v2".to_owned(),
    }
}

fn answered(status: u16, code: Option<&str>) -> Error {
    Error::Api {
        line: line(),
        answer: Box::new(ApiError {
            api: &crate::huaweicloud::dcs::API,
            status,
            code: code.map(ToOwned::to_owned),
            message: None,
            ext_message: None,
            request_id: None,
            clock_offset: None,
            html: false,
        }),
    }
}

#[test]
fn what_comes_next_follows_from_what_the_attempt_may_have_done() {
    use Next::{Again, AgainWhenCalm, AgainWhenIdle, GiveUp, GiveUpUnknown};
    let not_sent = Error::NotSent {
        line: line(),
        reason: String::new(),
    };
    let lost = Error::Lost {
        line: line(),
        reason: String::new(),
    };
    for (error, read, never) in [
        (not_sent, Again, Again),
        (lost, Again, GiveUpUnknown),
        (
            answered(429, Some("APIGW.0308")),
            AgainWhenCalm,
            AgainWhenCalm,
        ),
        (answered(429, None), AgainWhenCalm, AgainWhenCalm),
        (answered(503, Some("APIGW.0613")), Again, Again),
        (answered(503, Some("APIG.0613")), Again, Again),
        (answered(502, Some("APIGW.0610")), Again, Again),
        (answered(502, Some("APIG.0610")), Again, Again),
        // Any proxy can say this, also one that had passed the call on.
        (answered(503, None), Again, GiveUpUnknown),
        (answered(502, Some("APIGW.0201")), Again, GiveUpUnknown),
        (answered(504, Some("APIGW.0610")), Again, GiveUpUnknown),
        // The service itself, not the gateway: it has seen the call.
        (answered(503, Some("DCS.5000")), Again, GiveUpUnknown),
        (answered(500, None), Again, GiveUpUnknown),
        (answered(502, None), Again, GiveUpUnknown),
        (answered(504, Some("APIGW.0203")), Again, GiveUpUnknown),
        (
            answered(400, Some("DCS.4957")),
            AgainWhenIdle,
            AgainWhenIdle,
        ),
        (answered(400, Some("DCS.4003")), GiveUp, GiveUp),
        (answered(301, None), GiveUp, GiveUp),
        (answered(401, Some("APIGW.0301")), GiveUp, GiveUp),
        (answered(404, None), GiveUp, GiveUp),
        (answered(409, None), GiveUp, GiveUp),
    ] {
        assert_eq!(next(Repeat::Read, &error), read, "read: {error}");
        assert_eq!(next(Repeat::Never, &error), never, "never: {error}");
    }
}

#[test]
fn a_refusal_that_does_not_say_that_nothing_was_done_leaves_a_kill_in_doubt() {
    use crate::huaweicloud::{ddm, dds, geminidb};
    for (api, code) in [
        (&dds::API, "DBS.301077"),
        (&dds::API, "DBS.200998"),
        (&geminidb::API, "DBS.301077"),
        (&ddm::API, "DBS.300002"),
        (&ddm::API, "DBS.300005"),
    ] {
        let mut error = answered(400, Some(code));
        if let Error::Api { answer, .. } = &mut error {
            answer.api = api;
        }
        assert_eq!(next(Repeat::Never, &error), Next::GiveUpUnknown, "{error}");
        assert_eq!(next(Repeat::Read, &error), Next::Again, "{error}");
        assert_eq!(next(Repeat::Peek, &error), Next::GiveUp, "{error}");
    }
    let other = answered(400, Some("DBS.301077"));
    assert_eq!(next(Repeat::Never, &other), Next::GiveUp);
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = datetime!(2026-11-21 10:00:00 UTC);
    for (value, seconds) in [
        ("7", Some(7)),
        (" 0 ", Some(0)),
        ("Sat, 21 Nov 2026 10:01:30 GMT", Some(90)),
        ("Sat, 21 Nov 2026 09:00:00 GMT", Some(0)),
        ("18446744073709551615", Some(LONGEST_WAIT.as_secs())),
        ("18446744073709551616", Some(LONGEST_WAIT.as_secs())),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("", None),
    ] {
        assert_eq!(
            parse_retry_after(value, now),
            seconds.map(Duration::from_secs),
            "{value:?}"
        );
    }
}

#[test]
fn the_window_of_a_limit_is_read_from_the_message() {
    for (message, seconds) in [
        (
            "policy user over ratelimit,limit:60,time:1 minute",
            Some(60),
        ),
        ("… over ratelimit, limit:10, Time: 10 seconds.", Some(10)),
        ("limit:100,time:2hour", Some(7_200)),
        ("limit:100,time:1 day", Some(86_400)),
        ("time:99999999999999999999 minute", None),
        (
            "time:18446744073709551615 day",
            Some(LONGEST_WAIT.as_secs()),
        ),
        ("time:0 second", None),
        ("time:1 fortnight", None),
        ("time:", None),
        ("The throttling threshold has been reached", None),
    ] {
        assert_eq!(
            parse_window(message),
            seconds.map(Duration::from_secs),
            "{message}"
        );
    }
}

#[test]
fn calls_of_one_api_are_those_that_differ_only_in_ids() {
    let api =
        |method: &Method, path: &str| Api::new("https://dcs.example.com".to_owned(), method, path);
    assert_eq!(
        api(&Method::POST, "/v2/p/instances/one/clients/kill-all"),
        api(&Method::POST, "/v2/p/instances/two/clients/kill-all")
    );
    assert_eq!(
        api(&Method::GET, "/v2/p/jobs/1"),
        api(&Method::GET, "/v2/p/jobs/2")
    );
    assert_eq!(
        api(&Method::GET, "/v3/p/instances/1/nodes/2/processes"),
        api(&Method::GET, "/v3/p/instances/3/nodes/4/processes")
    );
    for (method, path) in [
        (Method::GET, "/v2/p/instances/one/clients"),
        (Method::POST, "/v2/p/instances/one/clients"),
        (Method::POST, "/v2/p/instances/one/clients/kill"),
        (Method::GET, "/v2/p/instances/one/logical-nodes"),
    ] {
        assert_ne!(
            api(&method, path),
            api(&Method::POST, "/v2/p/instances/one/clients/kill-all")
        );
    }
}

fn api(path: &str) -> Api {
    Api::new("https://dcs.example.com".to_owned(), &Method::GET, path)
}

/// A 429 to a call that had left at `sent`, or a moment before when it is the first one.
fn refusal(error: &Error, sent: Instant, demanded: Option<Duration>) -> Refusal<'_> {
    Refusal {
        sent,
        now: sent + Duration::from_millis(1),
        demanded,
        jitter: 0.0,
        error,
    }
}

proptest! {
    #[test]
    fn no_retry_after_panics_and_none_is_beyond_the_longest_wait(
        value in prop_oneof![".*", "[0-9]{0,40}", any::<u64>().prop_map(|number| number.to_string())],
    ) {
        let now = datetime!(2026-11-21 10:00:00 UTC);
        if let Some(wait) = parse_retry_after(&value, now) {
            prop_assert!(wait <= LONGEST_WAIT);
        }
        if let Some(window) = parse_window(&format!("time:{value} minute")) {
            prop_assert!(window <= LONGEST_WAIT);
        }
    }

    #[test]
    fn no_429_panics_and_each_is_followed_by_a_pause(
        events in prop::collection::vec((0_u64..1000, prop::option::of(any::<u64>())), 1..20),
        jitter in 0.0..1.0_f64,
    ) {
        let throttled = answered(429, None);
        let mut now = Instant::now();
        let mut pace = Pace::default();
        for (later, demanded) in events {
            now += Duration::from_millis(later);
            let demanded = demanded.map(Duration::from_secs);
            let pause = pace.slow_down(&api("/a"), Refusal { sent: now, now, demanded, jitter, error: &throttled });
            prop_assert!(pause >= FIRST_PAUSE);
            prop_assert!(pause >= demanded.unwrap_or_default().min(LONGEST_WAIT));
            prop_assert!(pace.pause(&api("/a"), now).is_some());
            prop_assert!(pace.pause(&api("/b"), now).is_none());
            prop_assert!(pace.reserve(now, false) <= Duration::from_secs(1000));
        }
    }

    #[test]
    fn pauses_that_nobody_demands_are_a_minute_and_more_from_the_second_on(number in 2_u32.., jitter in 0.0..1.0_f64) {
        let pause = pause_after_429(number, None, jitter);
        prop_assert!(pause >= SECOND_PAUSE);
        prop_assert!(pause <= LONGEST_PAUSE + LONGEST_PAUSE / 10);
        prop_assert!(pause_after_429(number.saturating_add(1), None, jitter) >= pause);
    }

    #[test]
    fn delays_lie_between_the_least_and_a_bound_that_doubles_up_to_a_limit(retry in 0_u32..1000, jitter in 0.0..1.0_f64) {
        for backoff in [Backoff::FAULT, Backoff::BUSY] {
            let bound = backoff.bound(retry);
            prop_assert!(backoff.delay(retry, jitter) >= LEAST_DELAY);
            prop_assert!(backoff.delay(retry, jitter) <= bound);
            prop_assert!(bound <= backoff.most);
            prop_assert!(bound <= backoff.bound(retry + 1));
            if backoff.bound(retry + 1) < backoff.most {
                prop_assert_eq!(bound * 2, backoff.bound(retry + 1));
            }
        }
        prop_assert_eq!(Backoff::FAULT.bound(0), Duration::from_millis(200));
    }

    #[test]
    fn after_a_429_calls_leave_one_after_the_other(calls in 1_u32..200) {
        let throttled = answered(429, None);
        let now = Instant::now();
        let mut pace = Pace::default();
        prop_assert_eq!(pace.reserve(now, false), Duration::ZERO);

        pace.slow_down(&api("/a"), refusal(&throttled, now, None));
        let leaves: Vec<Duration> = (0..calls).map(|_| pace.reserve(now, false)).collect();

        let gap = Duration::from_secs_f64(1.0 / FIRST_RATE);
        prop_assert!(leaves.windows(2).all(|two| two[1] - two[0] == gap));
    }
}

#[test]
fn a_burst_of_429_is_one_event_and_successes_lift_the_limit_again() {
    let throttled = answered(429, None);
    let start = Instant::now();
    let mut pace = Pace::default();
    for _ in 0..100 {
        let pause = pace.slow_down(&api("/a"), refusal(&throttled, start, None));
        assert_eq!(pause, FIRST_PAUSE);
    }
    assert_eq!(pace.rate, Some(FIRST_RATE));

    // A call that left before is no proof that the pause is over.
    pace.recover(&api("/a"), start);
    let later = start + Duration::from_secs(1);
    assert!(pace.pause(&api("/a"), start).is_some());
    let pause = pace.slow_down(&api("/a"), refusal(&throttled, later, None));
    assert_eq!(pause, SECOND_PAUSE);
    assert_eq!(pace.rate, Some(FIRST_RATE * RECOVERY / 2.0));

    for event in 2..40 {
        let then = start + Duration::from_secs(event);
        pace.slow_down(&api("/a"), refusal(&throttled, then, None));
    }
    assert_eq!(pace.rate, Some(LEAST_RATE));

    let later = start + Duration::from_secs(6000);
    for _ in 0..200 {
        pace.recover(&api("/a"), later);
    }
    assert_eq!(pace.rate, None);
    assert!(pace.pauses.is_empty());
    assert_eq!(pace.reserve(later, false), Duration::ZERO);
    assert_eq!(pace.reserve(later, false), Duration::ZERO);
}

#[test]
fn a_429_is_remembered_for_as_long_as_its_api_is_left_alone() {
    let throttled = answered(429, None);
    let start = Instant::now();
    let gate = Gate::default();
    let pause = gate.throttled(&api("/a"), refusal(&throttled, start, None));

    let remembered = |later| gate.last_refusal(&api("/a"), start + later).is_some();
    assert!(remembered(pause / 2));
    assert!(!remembered(pause * 2));
    assert!(gate.last_refusal(&api("/b"), start).is_none());
}

#[test]
fn a_throttled_minute_passes_within_the_five_minutes_of_a_listing() {
    let spent: Duration = (1..=3)
        .map(|number| pause_after_429(number, None, 1.0))
        .sum();
    assert!(spent < Duration::from_secs(300), "{spent:?}");
}

#[test]
fn a_kill_by_a_new_list_does_not_wait_behind_lists() {
    let mut pace = Pace::default();
    let start = Instant::now();
    let error = answered(429, None);
    for second in 0..20 {
        let sent = start + Duration::from_secs(second * 600);
        pace.slow_down(
            &api("/v3/p/instances/i/processes"),
            refusal(&error, sent, None),
        );
    }
    let now = start + Duration::from_secs(20 * 600);
    let step = Duration::from_secs(2);

    // Ten runs list, one list every two seconds.
    let lists: Vec<Duration> = (0..10).map(|_| pace.reserve(now, false)).collect();
    assert_eq!(lists.last(), Some(&(step * 9)));

    // Each of them kills as soon as its list is there, within the five seconds for which the list holds.
    for list in lists {
        let wait = pace.reserve(now + list, true);
        assert!(wait <= step, "{wait:?}");
    }
    // The kills have used tokens of those that come later.
    assert!(pace.reserve(now + step * 9, false) >= step * 10);
}

#[test]
fn kills_that_go_first_wait_for_each_other() {
    let mut pace = Pace::default();
    let start = Instant::now();
    let error = answered(429, None);
    pace.slow_down(
        &api("/v3/p/instances/i/processes"),
        refusal(&error, start, None),
    );
    let waits: Vec<Duration> = (0..3).map(|_| pace.reserve(start, true)).collect();
    let step = Duration::from_secs_f64(1.0 / FIRST_RATE);
    assert_eq!(waits, [Duration::ZERO, step, step * 2]);
}

#[tokio::test(start_paused = true)]
async fn lists_that_wait_for_their_turn_take_no_place_from_a_kill() {
    let (gate, clock) = (Arc::new(Gate::default()), SystemClock);
    let path = "/v3/p/instances/i/processes";
    let error = answered(429, None);
    for second in 0..20 {
        let sent = clock.instant() - Duration::from_secs((20 - second) * 600);
        gate.throttled(&api(path), refusal(&error, sent, None));
    }
    let turn = |first| Turn {
        needed: Duration::ZERO,
        look: false,
        first,
    };
    let operation = || {
        let limit = Duration::from_secs(3600);
        Operation::new(&clock, limit, CancellationToken::new())
    };
    for _ in 0..CALLS_AT_ONCE * 2 {
        let (gate, operation) = (Arc::clone(&gate), operation());
        let list = async move {
            gate.enter(&api("/lists"), turn(false), &clock, &operation)
                .await
        };
        tokio::spawn(list);
    }
    tokio::task::yield_now().await;

    let begun = clock.instant();
    let (kill, operation) = (api("/kill"), operation());
    let kill = gate.enter(&kill, turn(true), &clock, &operation);
    assert!(kill.await.is_ok());

    let waited = clock.instant() - begun;
    assert!(waited <= Duration::from_secs(2), "{waited:?}");
}
