//! What a client needs to know before its first call.

use std::time::Duration;

use super::endpoint::Endpoints;
use super::sign::Algorithm;
use super::tls::Tls;

/// What the client needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where services answer.
    pub endpoints: Endpoints,
    /// The region of calls that name none.
    pub region: Option<String>,
    /// The project of [`Settings::region`], when the user gave it.
    pub project_id: Option<String>,
    /// The name of the project to look up; by default the region's name.
    pub project_name: Option<String>,
    /// `X-Language` of the calls that know it: `en-us` or `zh-cn`.
    pub language: Option<String>,
    /// Which certificates to trust, and which one to present.
    pub tls: Tls,
    /// How requests are signed with keys.
    pub signing: Algorithm,
    /// How often a call is repeated after faults; a busy instance does not count.
    pub max_retries: u32,
    /// Time limit to connect.
    pub connect_timeout: Duration,
    /// Time limit of one attempt, from connecting to the last byte of the answer.
    pub request_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            endpoints: Endpoints::default(),
            region: None,
            project_id: None,
            project_name: None,
            language: None,
            tls: Tls::default(),
            signing: Algorithm::default(),
            max_retries: 5,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
        }
    }
}
