//! Temporary credentials: fetched once for all calls that wait for them, and again before they expire.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::{Mutex, MutexGuard};
use tracing::{debug, warn};

use super::{Credential, ForCall, Issued, ProvideCredential};
use crate::huaweicloud::error::Error;

/// The longest time before expiry at which new credentials are fetched: enough for every wait between signing a
/// request and the cloud checking it, and for the source to be out of order for a while.
const LONGEST_MARGIN: Duration = Duration::from_secs(600);

/// The part of a credential's life that is left when a new one is fetched, for lives of less than 50 minutes.
const MARGIN_OF_LIFE: i32 = 5;

/// How long a source that had nothing is left in peace while the old credential is still good.
const PAUSE: Duration = Duration::from_secs(20);

/// A source that gives out temporary credentials, a new one each time it is asked.
#[async_trait]
pub trait Issue: Send + Sync + 'static {
    /// What it is, for the log: `password of user "ops"`. Nothing secret.
    fn name(&self) -> String;

    /// Asks for a new credential.
    ///
    /// # Errors
    /// Why there is none.
    async fn issue(&self, call: ForCall<'_>) -> Result<Issued, Error>;
}

/// Keeps the credential of a source, and fetches the next one in time. However many calls need it, the source is asked
/// once; and while the old one is still good, the others go on with that.
#[derive(Debug)]
pub struct Temporary<S> {
    source: S,
    current: RwLock<Option<Current>>,
    /// Held by whoever is asking the source.
    asking: Mutex<Asked>,
}

/// The credential that is used now.
#[derive(Clone, Debug)]
struct Current {
    credential: Credential,
    expires_at: Option<OffsetDateTime>,
    /// From when on the next one is fetched.
    renew_at: Option<OffsetDateTime>,
}

/// How often the source has been asked, and what it said last when it had nothing.
#[derive(Debug, Default)]
struct Asked {
    times: u64,
    refusal: Option<Error>,
}

/// What the credential at hand is good for.
enum AtHand {
    /// Take it.
    Fresh(Credential),
    /// Take it, but somebody should fetch the next one.
    Ageing(Credential),
    /// There is none.
    Nothing,
}

impl<S: Issue> Temporary<S> {
    /// Keeps what `source` gives out.
    pub fn new(source: S) -> Self {
        Self {
            source,
            current: RwLock::default(),
            asking: Mutex::default(),
        }
    }

    fn at_hand(&self, now: OffsetDateTime) -> AtHand {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        match current.as_ref() {
            Some(current) if current.expires_at.is_some_and(|at| at <= now) => AtHand::Nothing,
            Some(current) if current.renew_at.is_some_and(|at| at <= now) => {
                AtHand::Ageing(current.credential.clone())
            }
            Some(current) => AtHand::Fresh(current.credential.clone()),
            None => AtHand::Nothing,
        }
    }

    fn keep(&self, current: Option<Current>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
    }

    /// Asks the source, as the only one who does.
    async fn ask(
        &self,
        mut asking: MutexGuard<'_, Asked>,
        call: ForCall<'_>,
    ) -> Result<Credential, Error> {
        asking.refusal = None;
        let result = self.source.issue(call).await;
        asking.times += 1;
        match result {
            Ok(issued) => {
                let current = Current::new(issued, call.client.clock().now());
                debug!(
                    source = self.source.name(),
                    expires_at = current.expires_at.map(tracing::field::display),
                    "temporary credentials were fetched"
                );
                let credential = current.credential.clone();
                self.keep(Some(current));
                Ok(credential)
            }
            Err(error) => {
                asking.refusal = error.ends_for_all().then(|| error.clone());
                Err(error)
            }
        }
    }

    /// Fetches the next credential while the old one is still good, unless somebody is at it.
    async fn replace(&self, old: Credential, call: ForCall<'_>) -> Credential {
        let Ok(asking) = self.asking.try_lock() else {
            return old;
        };
        match self.ask(asking, call).await {
            Ok(new) => new,
            Err(error) => {
                warn!(source = self.source.name(), %error, "the credentials are about to expire, and there are no new ones yet");
                self.leave_in_peace(call.client.clock().now());
                old
            }
        }
    }

    /// The next calls need not try again at once.
    fn leave_in_peace(&self, now: OffsetDateTime) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = current.as_mut() {
            current.renew_at = Some(now + PAUSE);
        }
    }

    /// Waits for the credential that somebody is fetching, or fetches it.
    async fn fetch(&self, call: ForCall<'_>) -> Result<Credential, Error> {
        let clock = call.client.clock();
        let times_before = self.asking.try_lock().map(|asking| asking.times).ok();
        let asking = call
            .operation
            .bound(clock, self.asking.lock())
            .await
            .map_err(|interrupted| interrupted.into_error(None))?;
        if let AtHand::Fresh(credential) | AtHand::Ageing(credential) = self.at_hand(clock.now()) {
            return Ok(credential);
        }
        // Who waited while the source refused would be refused as well.
        if times_before != Some(asking.times)
            && let Some(refusal) = &asking.refusal
        {
            return Err(refusal.clone());
        }
        self.ask(asking, call).await
    }
}

#[async_trait]
impl<S: Issue> ProvideCredential for Temporary<S> {
    async fn credential(&self, call: ForCall<'_>) -> Result<Credential, Error> {
        match self.at_hand(call.client.clock().now()) {
            AtHand::Fresh(credential) => Ok(credential),
            AtHand::Ageing(credential) => Ok(self.replace(credential, call).await),
            AtHand::Nothing => self.fetch(call).await,
        }
    }

    async fn renew(&self, rejected: &Credential) -> bool {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // Another call may have been faster: then there is a new one already.
        if current
            .as_ref()
            .is_some_and(|current| current.credential.is(rejected))
        {
            *current = None;
        }
        true
    }
}

impl Current {
    fn new(issued: Issued, now: OffsetDateTime) -> Self {
        let renew_at = issued.expires_at.map(|at| {
            let life = (at - now).max(time::Duration::ZERO);
            at - (life / MARGIN_OF_LIFE).min(LONGEST_MARGIN.try_into().unwrap_or(life))
        });
        Self {
            credential: issued.credential,
            expires_at: issued.expires_at,
            renew_at,
        }
    }
}
