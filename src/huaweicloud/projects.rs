//! The ids of projects by region: each is looked up once, however many calls need it, and so is one that is not found.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::clock::Clock;
use super::error::Error;

/// How long after a look-up that failed the next call is refused in the same way, before IAM is asked again: resources
/// that start one after the other should not each spend the time that the retries of a look-up take.
const PAUSE: Duration = Duration::from_secs(10);

/// The look-ups of all regions.
#[derive(Default)]
pub(super) struct Projects {
    regions: Mutex<HashMap<String, Arc<tokio::sync::Mutex<LookUp>>>>,
}

/// What is known of the project of a region. It is locked while somebody asks IAM.
#[derive(Default)]
struct LookUp {
    id: Option<String>,
    refusal: Option<(Error, Instant)>,
}

impl Projects {
    /// The id of a region's project: the one that is known, or the one that `look_up` finds.
    pub(super) async fn id(
        &self,
        region: &str,
        clock: &dyn Clock,
        look_up: impl Future<Output = Result<String, Error>>,
    ) -> Result<String, Error> {
        let region = self.region(region);
        let mut known = region.lock().await;
        if let Some(id) = &known.id {
            return Ok(id.clone());
        }
        if let Some((refusal, at)) = &known.refusal
            && clock.instant().saturating_duration_since(*at) < PAUSE
        {
            return Err(refusal.clone());
        }
        known.refusal = None;
        match look_up.await {
            Ok(id) => {
                known.id = Some(id.clone());
                Ok(id)
            }
            Err(error) => {
                if error.ends_for_all() {
                    known.refusal = Some((error.clone(), clock.instant()));
                }
                Err(error)
            }
        }
    }

    fn region(&self, region: &str) -> Arc<tokio::sync::Mutex<LookUp>> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(regions.entry(region.to_owned()).or_default())
    }
}
