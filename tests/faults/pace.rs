//! Pace, repeats and connections of the client, at the level of its calls.

use std::sync::Arc;
use std::time::Duration;

use terraform_provider_hwc::huaweicloud::calls::{Calls, KillAnswer};
use terraform_provider_hwc::huaweicloud::client::{Client, Settings};
use terraform_provider_hwc::huaweicloud::clock::{Clock, SystemClock};
use terraform_provider_hwc::huaweicloud::credentials::{
    Credential, ForCall, Keys, ProvideCredential,
};
use terraform_provider_hwc::huaweicloud::dcs::{JobId, JobStatus, Target};
use terraform_provider_hwc::huaweicloud::endpoint::{Endpoints, parse_endpoint};
use terraform_provider_hwc::huaweicloud::error::{Error, Outcome, RequestLine, SignInMethod};
use terraform_provider_hwc::huaweicloud::operation::Operation;
use terraform_provider_hwc::huaweicloud::{apis, dcs, taurusdb};
use tokio_util::sync::CancellationToken;

use crate::server::{Behaviour, Server};
use crate::{TestClock, clock};

const THROTTLED: &str =
    r#"{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached"}"#;
const BUSY: &str = r#"{"error_code":"DCS.4957","error_msg":"This operation is not allowed when the task is in the current state."}"#;
const RUNNING: &str = r#"{"status":"RUNNING"}"#;

fn job_id() -> JobId {
    "8abf6e1e824dfcb201824e02ee9a0015".parse().unwrap()
}

fn answer(status: u16, body: &'static str) -> Behaviour {
    Behaviour::Answer {
        status,
        headers: Vec::new(),
        body: body.to_owned(),
    }
}

fn answer_after(status: u16, retry_after: &str, body: &'static str) -> Behaviour {
    Behaviour::Answer {
        status,
        headers: vec![("retry-after", retry_after.to_owned())],
        body: body.to_owned(),
    }
}

fn settings(url: &str) -> Settings {
    let mut endpoints = Endpoints::default();
    for service in apis::ALL {
        endpoints.set(service, parse_endpoint(url).unwrap());
    }
    Settings {
        endpoints,
        region: Some("cn-north-4".to_owned()),
        project_id: Some("619d3e78f61b4be68bc5aa0b59edcf7b".to_owned()),
        max_retries: 3,
        request_timeout: Duration::from_secs(5),
        ..Settings::default()
    }
}

fn client(settings: Settings, clock: Arc<dyn Clock>) -> Client {
    let credential = Credential::Keys(Keys {
        access_key: "AK".to_owned(),
        secret_key: "SK".to_owned().into(),
        security_token: None,
    });
    Client::with_clock(settings, Box::new(credential), clock)
}

/// A server, a client for it, and the clock that the client goes by.
async fn cloud(first: Vec<Behaviour>, rest: Behaviour) -> (Server, Client, Arc<TestClock>) {
    let server = Server::start(first, rest, crate::script).await;
    let clock = clock();
    let client = client(settings(&server.url()), clock.clone());
    (server, client, clock)
}

fn within(client: &Client, seconds: u64) -> Operation {
    Operation::new(
        client.clock(),
        Duration::from_secs(seconds),
        CancellationToken::new(),
    )
}

fn calls<'a>(client: &'a Client, operation: &'a Operation) -> Calls<'a> {
    Calls {
        client,
        region: "cn-north-4",
        operation,
        leave_before: None,
    }
}

async fn kill_all(client: &Client, operation: &Operation) -> Outcome<KillAnswer<JobId>> {
    let instance = "5560df16-cebf-4473-95c4-d1b573c16e79".parse().unwrap();
    dcs::kill_all(calls(client, operation), &instance, &Target::AllNodes).await
}

async fn follow(client: &Client, operation: &Operation) -> Result<JobStatus, Error> {
    dcs::wait_for_job(calls(client, operation), &job_id(), |_| {})
        .await
        .map(|job| job.status)
}

async fn list_processes(client: &Client, operation: &Operation) -> Result<(), Error> {
    let instance = "a23fb62bd61e4e9e9636fd2225f395bein07".parse().unwrap();
    let node = "18663926eacb443d98dc20f8620f28f2no07".parse().unwrap();
    taurusdb::processes(calls(client, operation), &instance, &node, (0, 100))
        .await
        .map(drop)
}

fn rejected<T>(outcome: Outcome<T>) -> Error {
    match outcome {
        Outcome::Rejected(error) => error,
        Outcome::Accepted(_) => panic!("accepted"),
        Outcome::Unknown(error) => panic!("unknown: {error}"),
    }
}

#[tokio::test]
async fn a_retry_after_beyond_what_a_clock_can_add_is_an_error_that_says_so() {
    for value in ["18446744073709551615", "99999999999999999999999999"] {
        for status in [429, 503] {
            let body = THROTTLED;
            let (server, client, clock) = cloud(vec![], answer_after(status, value, body)).await;

            let error = rejected(kill_all(&client, &within(&client, 600)).await);

            assert_eq!(server.count("POST"), 1, "{status}, {value}");
            let text = error.to_string();
            assert!(text.contains("will not finish in time"), "{text}");
            assert!(text.contains("600 seconds are left"), "{text}");
            assert!(*clock.slept.lock().unwrap() < Duration::from_secs(1));
            // Whoever calls the same next is told the same, and asks nobody.
            if status == 429 {
                let error = rejected(kill_all(&client, &within(&client, 600)).await);
                assert!(error.to_string().contains("will not finish in time"));
                assert_eq!(server.count("POST"), 1);
            }
        }
    }
}

#[tokio::test]
async fn a_503_or_502_that_the_gateway_did_not_sign_leaves_a_kill_unknown() {
    for (status, body, repeated) in [
        (503, "", false),
        (503, "no healthy upstream", false),
        (503, "<html><body>Service unavailable</body></html>", false),
        (503, r#"{"message": "no healthy upstream"}"#, false),
        (503, r#"{"error_code":"DCS.5000"}"#, false),
        (502, r#"{"error_code":"APIGW.0201"}"#, false),
        (504, r#"{"error_code":"APIGW.0610"}"#, false),
        (503, r#"{"error_code":"APIGW.0613"}"#, true),
        (503, r#"{"error_code":"APIG.0613"}"#, true),
        (502, r#"{"error_code":"APIGW.0610"}"#, true),
        (502, r#"{"error_code":"APIG.0610"}"#, true),
    ] {
        let (server, client, _) = cloud(vec![answer(status, body)], Behaviour::Good).await;

        let outcome = kill_all(&client, &within(&client, 600)).await;

        let what = format!("{status} {body}: {outcome:?}");
        assert_eq!(server.count("POST"), if repeated { 2 } else { 1 }, "{what}");
        match outcome {
            Outcome::Accepted(_) => assert!(repeated, "{what}"),
            Outcome::Unknown(_) => assert!(!repeated, "{what}"),
            Outcome::Rejected(_) => panic!("{what}"),
        }
    }
}

#[tokio::test]
async fn a_throttled_api_does_not_hold_up_the_others_of_its_host() {
    let (server, client, clock) =
        cloud(vec![answer_after(429, "3600", THROTTLED)], Behaviour::Good).await;
    let operation = within(&client, 600);

    let error = list_processes(&client, &operation).await.unwrap_err();
    assert!(
        error.to_string().contains("will not finish in time"),
        "{error}"
    );

    assert!(matches!(
        kill_all(&client, &operation).await,
        Outcome::Accepted(_)
    ));
    assert_eq!(
        follow(&client, &operation).await.unwrap(),
        JobStatus::Success
    );
    assert_eq!(server.count("POST"), 1);
    assert!(*clock.slept.lock().unwrap() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_accepted_job_is_looked_at_again_whatever_retry_after_says() {
    for (seconds, looks_at_most) in [(600, 3), (40, 3)] {
        let (server, client, clock) = cloud(
            vec![answer(200, RUNNING), answer_after(429, "86400", THROTTLED)],
            Behaviour::Good,
        )
        .await;

        let status = follow(&client, &within(&client, seconds)).await;

        assert_eq!(status.unwrap(), JobStatus::Success, "within {seconds} s");
        assert_eq!(server.count("GET"), looks_at_most);
        assert!(*clock.slept.lock().unwrap() >= Duration::from_secs(30));
        assert!(*clock.slept.lock().unwrap() < Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn a_429_is_ridden_out_and_is_not_counted_by_max_retries() {
    let minute = r#"{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute"}"#;
    for (times, fault, least, most) in [
        // As the header says.
        (5, answer_after(429, "7", THROTTLED), 35, 45),
        // As the message says.
        (5, answer(429, minute), 300, 340),
        // A moment, then at least a minute, longer and longer.
        (1, answer(429, THROTTLED), 1, 3),
        (2, answer(429, THROTTLED), 61, 80),
        (3, answer(429, THROTTLED), 181, 250),
    ] {
        let (server, client, clock) = cloud(vec![fault; times], Behaviour::Good).await;

        let outcome = kill_all(&client, &within(&client, 600)).await;

        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
        assert_eq!(server.count("POST"), times + 1);
        let slept = clock.slept.lock().unwrap().as_secs();
        assert!((least..most).contains(&slept), "{times}: {slept} s");
    }
}

#[tokio::test]
async fn a_wait_that_the_cloud_demands_and_that_is_too_long_is_told_as_such() {
    let hour = r#"{"error_code":"APIGW.0308","error_msg":"policy user over ratelimit,limit:60,time:1 hour"}"#;
    for fault in [
        answer_after(429, "3600", THROTTLED),
        answer(429, hour),
        answer_after(400, "3600", BUSY),
    ] {
        let (server, client, clock) = cloud(vec![], fault).await;

        let error = rejected(kill_all(&client, &within(&client, 600)).await);

        let text = error.to_string();
        assert!(
            text.contains(
                "will not finish in time: the cloud asks to wait 3600 seconds, 600 seconds are left"
            ),
            "{text}"
        );
        assert_eq!(server.count("POST"), 1);
        assert!(*clock.slept.lock().unwrap() < Duration::from_secs(1));
    }
}

#[tokio::test]
async fn nothing_is_repeated_without_a_delay_whatever_retry_after_says() {
    for value in ["0", "Sat, 21 Nov 2020 09:00:00 GMT"] {
        for (status, body) in [(400, BUSY), (429, THROTTLED), (503, THROTTLED)] {
            let (server, client, _) = cloud(vec![], answer_after(status, value, body)).await;

            _ = kill_all(&client, &within(&client, 5)).await;

            let sent = server.count("POST");
            assert!(
                (2..=10).contains(&sent),
                "{status}, {value}: {sent} requests in 5 s"
            );
        }
    }
}

#[tokio::test]
async fn a_job_that_ends_shortly_before_the_time_limit_is_seen_to_end() {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    // As many looks as come before 17 s of 20 are over.
    let (server, client, clock) = cloud(vec![answer(200, RUNNING); 7], Behaviour::Good).await;
    let operation = within(&client, 20);

    let job = dcs::wait_for_job(calls(&client, &operation), &job_id(), |_| {
        looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    })
    .await;

    let slept = *clock.slept.lock().unwrap();
    assert_eq!(job.unwrap().status, JobStatus::Success);
    assert!(
        slept > Duration::from_secs(17) && slept < Duration::from_secs(20),
        "{slept:?}"
    );
    assert_eq!(server.count("GET"), 8);
}

#[tokio::test]
async fn a_job_that_never_ends_is_given_up_at_the_time_limit() {
    let (server, client, clock) = cloud(vec![], answer(200, RUNNING)).await;

    let error = follow(&client, &within(&client, 20)).await.unwrap_err();

    assert!(matches!(error, Error::DeadlineExceeded { .. }), "{error}");
    assert!(*clock.slept.lock().unwrap() > Duration::from_secs(17));
    assert!(server.count("GET") < 12);
}

#[tokio::test]
async fn a_kill_whose_connection_was_never_made_is_certainly_not_done() {
    // Accepts connections, and never begins TLS.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let shared = Settings {
        connect_timeout: Duration::from_secs(10),
        max_retries: 0,
        ..settings(&url)
    };

    // The attempt's own limit comes first.
    let short = Settings {
        request_timeout: Duration::from_millis(300),
        ..shared.clone()
    };
    let client_with_short_attempts = client(short, clock());
    let error = rejected(
        kill_all(
            &client_with_short_attempts,
            &within(&client_with_short_attempts, 600),
        )
        .await,
    );
    assert!(matches!(error, Error::NotSent { .. }), "{error:?}");

    // The operation's time ends first.
    let client_in_a_hurry = client(shared, Arc::new(SystemClock));
    let error = rejected(kill_all(&client_in_a_hurry, &within(&client_in_a_hurry, 1)).await);
    assert!(
        matches!(&error, Error::NotSent { .. })
            || matches!(&error, Error::DeadlineExceeded { last: Some(last) } if matches!(**last, Error::NotSent { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_kill_is_not_begun_without_the_time_to_hear_its_answer() {
    // The instance is busy until the time is almost over.
    let (server, client, clock) = cloud(vec![], answer(400, BUSY)).await;

    let error = rejected(kill_all(&client, &within(&client, 60)).await);

    assert!(error.api().is_some(), "{error:?}");
    assert!(server.count("POST") > 3);
    let slept = *clock.slept.lock().unwrap();
    assert!(
        slept <= Duration::from_secs(55),
        "the last attempt began after {slept:?} of 60 s"
    );
    assert!(slept >= Duration::from_secs(45), "{slept:?}");
}

#[tokio::test]
async fn a_kill_never_goes_out_on_a_kept_connection() {
    for _ in 0..10 {
        // Answers once on each connection, and resets it when a second request comes.
        let (server, client, _) = cloud(vec![], Behaviour::OnceThenReset).await;
        let operation = within(&client, 600);
        list_processes(&client, &operation).await.unwrap();
        list_processes(&client, &operation).await.unwrap();

        let outcome = kill_all(&client, &operation).await;

        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
        assert_eq!(server.count("POST"), 1);
    }
}

#[tokio::test]
async fn calls_of_a_throttled_api_wait_together_and_say_so() {
    let (server, client, clock) =
        cloud(vec![answer_after(429, "30", THROTTLED)], Behaviour::Good).await;
    let error = list_processes(&client, &within(&client, 10))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::WaitTooLong { .. }), "{error}");

    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let operation = within(&client, 600)
        .with_listener(move |waiting| heard.lock().unwrap().push(format!("{waiting:?}")));
    list_processes(&client, &operation).await.unwrap();

    assert_eq!(server.count("GET"), 2);
    assert!(*clock.slept.lock().unwrap() >= Duration::from_secs(30));
    let told = told.lock().unwrap();
    assert!(
        told.len() == 1 && told[0].starts_with("Throttled"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_throttled_host_slows_down_its_own_calls_and_no_others() {
    let (throttling, client, clock) = cloud(vec![answer(429, THROTTLED)], Behaviour::Good).await;
    let operation = within(&client, 600);
    list_processes(&client, &operation).await.unwrap();
    let pause = *clock.slept.lock().unwrap();

    // Another API of the host is held back by its pace alone.
    for _ in 0..20 {
        assert!(matches!(
            kill_all(&client, &operation).await,
            Outcome::Accepted(_)
        ));
    }
    let slowed = *clock.slept.lock().unwrap() - pause;
    assert!(
        slowed > Duration::from_millis(300) && slowed < Duration::from_secs(2),
        "{slowed:?}"
    );

    // A host of its own knows nothing of it.
    let other = Server::start(vec![], Behaviour::Good, crate::script).await;
    let mut mixed = settings(&throttling.url());
    mixed
        .endpoints
        .set(&dcs::API, parse_endpoint(&other.url()).unwrap());
    let clock = self::clock();
    let throttling =
        Server::start(vec![answer(429, THROTTLED)], Behaviour::Good, crate::script).await;
    mixed
        .endpoints
        .set(&taurusdb::API, parse_endpoint(&throttling.url()).unwrap());
    let client = self::client(mixed, clock.clone());
    let operation = within(&client, 600);
    list_processes(&client, &operation).await.unwrap();
    let before = *clock.slept.lock().unwrap();
    for _ in 0..20 {
        assert!(matches!(
            kill_all(&client, &operation).await,
            Outcome::Accepted(_)
        ));
    }
    assert_eq!(*clock.slept.lock().unwrap(), before);
}

/// Credentials of which the second fetching fails for a moment.
struct FailingOnce(std::sync::atomic::AtomicUsize);

#[async_trait::async_trait]
impl ProvideCredential for FailingOnce {
    async fn credential(&self, _call: ForCall<'_>) -> Result<Credential, Error> {
        let number = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if number != 1 {
            return Ok(Credential::None);
        }
        Err(Error::SignIn {
            method: SignInMethod::Password {
                user: "ops".to_owned(),
            },
            error: Box::new(Error::Lost {
                line: RequestLine {
                    method: reqwest::Method::POST,
                    origin: "https://iam.example.com".to_owned(),
                    path: "/v3/auth/tokens".to_owned(),
                },
                reason: "connection reset".to_owned(),
            }),
        })
    }

    async fn renew(&self, _rejected: &Credential) -> bool {
        false
    }
}

#[tokio::test]
async fn an_accepted_job_is_followed_although_a_sign_in_fails_for_a_moment() {
    let server = Server::start(vec![answer(200, RUNNING)], Behaviour::Good, crate::script).await;
    let credentials = FailingOnce(std::sync::atomic::AtomicUsize::new(0));
    let client = Client::with_clock(settings(&server.url()), Box::new(credentials), clock());

    let status = follow(&client, &within(&client, 600)).await;

    assert_eq!(status.unwrap(), JobStatus::Success);
    assert_eq!(server.count("GET"), 2);
}

#[tokio::test]
async fn a_kill_that_is_stopped_while_it_connects_was_certainly_not_sent() {
    // Accepts connections, and never begins TLS.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let client = client(settings(&url), Arc::new(SystemClock));
    let stop = CancellationToken::new();
    let operation = Operation::new(client.clock(), Duration::from_secs(600), stop.clone());

    let stopping = async {
        let (_connection, _) = listener.accept().await.unwrap();
        stop.cancel();
        // It stays open until the kill has ended.
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        outcome = kill_all(&client, &operation) => outcome,
        () = stopping => unreachable!(),
    };

    let error = rejected(outcome);
    assert!(matches!(error, Error::Stopped { .. }), "{error:?}");
}

/// Credentials that take 58 seconds to come.
struct Slow;

#[async_trait::async_trait]
impl ProvideCredential for Slow {
    async fn credential(&self, call: ForCall<'_>) -> Result<Credential, Error> {
        call.client.clock().sleep(Duration::from_secs(58)).await;
        Ok(Credential::None)
    }
}

#[tokio::test]
async fn a_kill_is_not_begun_when_signing_in_took_the_time_to_hear_its_answer() {
    for (seconds, sent) in [(60, 0), (62, 0), (64, 1)] {
        let server = Server::start(vec![], Behaviour::Good, crate::script).await;
        let client = Client::with_clock(settings(&server.url()), Box::new(Slow), clock());

        let outcome = kill_all(&client, &within(&client, seconds)).await;

        assert_eq!(server.count("POST"), sent, "{seconds} s: {outcome:?}");
        match outcome {
            Outcome::Accepted(_) => assert_eq!(sent, 1),
            outcome => assert!(matches!(rejected(outcome), Error::DeadlineExceeded { .. })),
        }
    }
}
