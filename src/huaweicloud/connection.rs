//! Connections: kept ones for calls that may be repeated, and a fresh one for every kill.
//!
//! A kept connection can be closed by the other side at the very moment a request goes out on it, and then nobody knows
//! whether the request arrived. On a fresh one it is known whether the connection was made at all: before that, nothing
//! was sent.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use tokio::sync::OnceCell;
use tower::{BoxError, Layer, Service};
use tracing::warn;
use url::{Host, Url};

use super::error::{Error, ProxyFlaw, SettingsProblem, TlsProblem};
use super::settings::Settings;
use super::tls::Roots;

/// An idle connection is dropped before the gateway drops it, so that a call is seldom sent into a closing one.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);

/// Which connection a call goes out on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    /// One that an earlier call left open, if there is one.
    Kept,
    /// A new one, which is closed afterwards.
    Fresh,
}

/// The HTTP clients, each made when it is first needed: plan and validate need none, and roots take time to load.
#[derive(Default)]
pub(super) struct Connections {
    kept: Clients,
    fresh: Clients,
}

#[derive(Default)]
struct Clients {
    /// As the proxy variables say.
    usual: OnceCell<reqwest::Client>,
    /// Without a proxy.
    direct: OnceCell<reqwest::Client>,
}

impl Connections {
    /// The HTTP client for a URL.
    pub(super) async fn to(
        &self,
        url: &Url,
        connection: Connection,
        settings: &Settings,
    ) -> Result<&reqwest::Client, Error> {
        let clients = match connection {
            Connection::Kept => &self.kept,
            Connection::Fresh => &self.fresh,
        };
        // This machine itself: a proxy elsewhere would look for it on its own side.
        let direct = is_loopback(url);
        let client = if direct {
            &clients.direct
        } else {
            check_proxy(url, |name| std::env::var(name).ok())?;
            &clients.usual
        };
        client
            .get_or_try_init(|| async { build(settings, connection, direct) })
            .await
    }
}

/// Makes an HTTP client. A machine without trusted roots of its own, such as a small container, gets those that come
/// with this program.
fn build(
    settings: &Settings,
    connection: Connection,
    direct: bool,
) -> Result<reqwest::Client, Error> {
    let client = build_with(settings, connection, direct, Roots::Usual)?;
    let client = match client.build() {
        Err(error) if settings.tls.may_use_bundled() => {
            warn!(%error, "no trusted roots on this machine: those that come with the provider are used");
            build_with(settings, connection, direct, Roots::Bundled)?.build()
        }
        built => built,
    };
    client.map_err(|error| Error::Settings(TlsProblem::NotSetUp(reason(&error)).into()))
}

fn build_with(
    settings: &Settings,
    connection: Connection,
    direct: bool,
    roots: Roots,
) -> Result<reqwest::ClientBuilder, Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!(
            "terraform-provider-hwc/",
            env!("CARGO_PKG_VERSION")
        ))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(settings.connect_timeout)
        .tcp_nodelay(true);
    builder = match connection {
        Connection::Kept => builder.pool_idle_timeout(IDLE_CONNECTION),
        Connection::Fresh => builder.pool_max_idle_per_host(0).connector_layer(Watch),
    };
    if direct {
        builder = builder.no_proxy();
    }
    settings.tls.apply(builder, roots)
}

/// The innermost words of an error: "Connection refused", not four layers of "error sending request".
pub(super) fn reason(error: &reqwest::Error) -> String {
    use std::error::Error as _;

    if error.is_timeout() {
        return if error.is_connect() {
            NO_CONNECTION.to_owned()
        } else {
            "no complete answer within the time limit".to_owned()
        };
    }
    let mut source = error.source();
    let mut words = String::new();
    while let Some(inner) = source {
        words = inner.to_string();
        source = inner.source();
    }
    if words.is_empty() {
        // The URL holds nothing secret, but the line has it already.
        words = "the request could not be sent".to_owned();
    }
    words
}

/// What is said of a connection that took too long.
pub(super) const NO_CONNECTION: &str = "no connection within the time limit";

/// How far the fresh connection of one call is, and how long it may take to be made.
#[derive(Debug)]
pub(super) struct Progress {
    stage: AtomicU8,
    limit: Duration,
}

/// Nobody has begun to connect, as far as can be seen.
const UNSEEN: u8 = 0;
const BEGUN: u8 = 1;
const MADE: u8 = 2;

tokio::task_local! {
    /// The connection that the call of this task makes.
    static PROGRESS: Arc<Progress>;
}

impl Progress {
    pub(super) fn new(limit: Duration) -> Arc<Self> {
        Arc::new(Self {
            stage: AtomicU8::new(UNSEEN),
            limit,
        })
    }

    /// Is it certain that nothing could be sent, since there was no connection yet?
    pub(super) fn nothing_was_sent(&self) -> bool {
        self.stage.load(Ordering::SeqCst) == BEGUN
    }

    /// Runs a call whose connection is watched.
    pub(super) async fn watch<F: Future>(self: Arc<Self>, call: F) -> F::Output {
        PROGRESS.scope(self, call).await
    }
}

/// Watches how connections are made.
#[derive(Clone, Copy, Debug)]
struct Watch;

impl<S> Layer<S> for Watch {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Watched<S> {
        Watched { inner }
    }
}

#[derive(Clone)]
struct Watched<S> {
    inner: S,
}

impl<S> fmt::Debug for Watched<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

impl<S, R> Service<R> for Watched<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let connecting = self.inner.call(target);
        let Ok(progress) = PROGRESS.try_with(Arc::clone) else {
            return Box::pin(connecting);
        };
        // A second connection of the same call would take nothing back: the first may have carried the request.
        let stage = &progress.stage;
        _ = stage.compare_exchange(UNSEEN, BEGUN, Ordering::SeqCst, Ordering::SeqCst);
        Box::pin(async move {
            let late = |_| io::Error::new(io::ErrorKind::TimedOut, NO_CONNECTION);
            let made = tokio::time::timeout(progress.limit, connecting)
                .await
                .map_err(late)??;
            progress.stage.store(MADE, Ordering::SeqCst);
            Ok(made)
        })
    }
}

/// Is it this machine itself?
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Refuses a proxy variable that applies to the URL and cannot be understood: the call would go out without a proxy.
/// Its value may hold a password, so it is not repeated.
fn check_proxy(url: &Url, variable: impl Fn(&str) -> Option<String>) -> Result<(), Error> {
    let first = |names: [&'static str; 2]| {
        names
            .into_iter()
            .find_map(|name| variable(name).map(|value| (name, value)))
            .filter(|(_, value)| !value.is_empty())
    };
    // In a CGI program HTTP_PROXY is a header of the request: nobody takes it for a setting there.
    if variable("REQUEST_METHOD").is_some() {
        return Ok(());
    }
    let own = match url.scheme() {
        "http" => ["HTTP_PROXY", "http_proxy"],
        _ => ["HTTPS_PROXY", "https_proxy"],
    };
    let Some((name, value)) = first(own).or_else(|| first(["ALL_PROXY", "all_proxy"])) else {
        return Ok(());
    };
    let Ok(target) = url.as_str().parse() else {
        return Ok(());
    };
    let excepted = first(["NO_PROXY", "no_proxy"])
        .map(|(_, value)| value)
        .unwrap_or_default();
    let proxy = |value: &str| {
        Matcher::builder()
            .all(value.to_owned())
            .no(excepted.clone())
            .build()
            .intercept(&target)
    };
    if proxy("http://proxy.invalid").is_none() {
        return Ok(());
    }
    let whole = if value.contains("://") {
        value.clone()
    } else {
        format!("http://{value}")
    };
    match proxy(&value).filter(|_| Url::parse(&whole).is_ok_and(|url| url.has_host())) {
        Some(proxy) if matches!(proxy.uri().scheme_str(), Some("http" | "https")) => Ok(()),
        Some(_) => Err(unusable(name, ProxyFlaw::Socks)),
        None => Err(unusable(name, ProxyFlaw::NoUrl)),
    }
}

fn unusable(variable: &'static str, flaw: ProxyFlaw) -> Error {
    Error::Settings(SettingsProblem::Proxy { variable, flaw })
}

#[cfg(test)]
mod tests;
