//! What every `hwc_*_session_kill` does: as a resource it kills when it is created and keeps the proof, as an action it kills
//! whenever it is invoked.
//!
//! * `arguments`: what a user writes, and what it says.
//! * `announce`: what a plan says of a kill before it happens.
//! * `again`: what kills again, and what does not.
//! * `run`: a kill from its beginning to its proof; `chosen`: killing chosen sessions; `everybody`: killing all by a job.
//! * [`proof`]: what is known afterwards, and what of it goes into state.
//! * `hints`: what a kill says of lists that do not show everything.
//! * `upgrade`: state of earlier versions.

mod action;
mod again;
mod announce;
mod arguments;
mod chosen;
mod everybody;
mod hints;
pub mod proof;
mod resource;
mod run;
mod upgrade;

use tf_provider::value::Value;

use self::arguments::Arguments;
pub use self::upgrade::upgrade;
use super::HwcProvider;
use super::record::Record;
use super::service::Description;

/// What stands in `id` instead of a request's ID after a rehearsal.
const REHEARSAL: &str = "dry-run";

/// Whether this state is that of a rehearsal. The argument `dry_run` does not tell: it may have changed after the kill.
fn is_rehearsal(state: &Record) -> bool {
    match state.text("id") {
        Value::Value(id) => id
            .rsplit_once('/')
            .is_some_and(|(_, name)| name == REHEARSAL),
        _ => false,
    }
}

/// The resource and the action that kill sessions of a service.
pub struct SessionKill {
    provider: HwcProvider,
    service: &'static Description,
}

impl SessionKill {
    /// One that works for `provider`.
    pub fn new(provider: HwcProvider, service: &'static Description) -> Self {
        Self { provider, service }
    }

    fn arguments<'r>(&self, record: &'r Record) -> Arguments<'r> {
        Arguments {
            service: self.service,
            record,
        }
    }
}
