//! The projects of regions: as given, or looked up by name at IAM. Each is looked up once, however many calls need it,
//! and so is one that is not found.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use tokio::time::Instant;

use super::call::ForCall;
use super::error::{Error, RequestLine};
use super::iam;
use super::identity::Reference;
use super::settings::Settings;

/// How long after a look-up that failed the next call is refused in the same way, before IAM is asked again: resources
/// that start one after the other should not each spend the time that the retries of a look-up take.
const PAUSE: Duration = Duration::from_secs(10);

/// The projects of all regions.
pub(super) struct Projects {
    settings: Arc<Settings>,
    regions: Mutex<HashMap<String, Arc<tokio::sync::Mutex<LookUp>>>>,
}

/// What is known of the project of a region. It is locked while somebody asks IAM.
#[derive(Default)]
struct LookUp {
    id: Option<String>,
    refusal: Option<(Error, Instant)>,
}

impl Projects {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            regions: Mutex::default(),
        }
    }

    /// The id of the project of the call's region: as given for the client's own region, else looked up.
    pub(super) async fn id(&self, call: ForCall<'_>) -> Result<String, Error> {
        if let Some(id) = self.given_id(call.region) {
            return Ok(id.clone());
        }
        let looked_up = call
            .operation
            .bound(call.client.clock(), self.look_up(call));
        looked_up
            .await
            .map_err(|interrupted| interrupted.into_error(self.still_looking_up(call.region)))?
    }

    /// The project of a region as far as it is known without asking: by the id that was given, else by name.
    pub(super) fn reference(&self, region: &str) -> Reference {
        match self.given_id(region) {
            Some(id) => Reference::Id(id.clone()),
            None => Reference::Name(self.name(region).to_owned()),
        }
    }

    /// The id that was given for the project of the client's own region.
    fn given_id(&self, region: &str) -> Option<&String> {
        let id = self.settings.project_id.as_ref();
        id.filter(|_| self.is_own(region))
    }

    /// The project's name: as given for the client's own region, else that of the region.
    fn name<'a>(&'a self, region: &'a str) -> &'a str {
        match &self.settings.project_name {
            Some(name) if self.is_own(region) => name,
            _ => region,
        }
    }

    fn is_own(&self, region: &str) -> bool {
        let own = self.settings.region.as_deref();
        own.is_none_or(|own| own == region)
    }

    /// The id that is known, or that IAM tells.
    async fn look_up(&self, call: ForCall<'_>) -> Result<String, Error> {
        let clock = call.client.clock();
        let region = self.region(call.region);
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
        match iam::find_project(call, self.name(call.region)).await {
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

    /// What the time was spent with when it ended before the project's id was known.
    fn still_looking_up(&self, region: &str) -> Option<Error> {
        let base = self.settings.endpoints.url(&iam::API, region).ok()?;
        Some(Error::Lost {
            line: RequestLine {
                method: Method::GET,
                origin: base.origin().ascii_serialization(),
                path: iam::PROJECTS.to_owned(),
            },
            reason: "the project's id was still being looked up".to_owned(),
        })
    }
}
