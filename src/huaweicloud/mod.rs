//! The Huawei Cloud API client. It knows nothing of Terraform.
//!
//! * [`client`][]: one call from its parts to its outcome; connections, signing, repeating.
//! * `connection`: kept connections, fresh ones for kills, and proxies.
//! * [`credentials`][]: where credentials come from.
//! * [`dcs`], [`taurusdb`], [`iam`], `sts`: the calls, one file a service.
//! * [`endpoint`][]: where services answer.
//! * [`error`][]: what can go wrong, and [`Outcome`](error::Outcome): accepted, rejected or unknown.
//! * [`operation`][]: time limit and stop of what a user asked for.
//! * [`rows`][]: lists of which one odd row must not hide the others.
//! * [`retry`][]: when to repeat, how long to wait, how fast to go.
//! * [`sign`][]: signatures of requests.
//! * [`tls`][]: whom to trust, and as whom to present oneself.
//! * [`clock`][]: time from outside.

pub mod client;
pub mod clock;
mod connection;
pub mod credentials;
pub mod dcs;
pub mod endpoint;
pub mod error;
mod error_body;
mod home;
pub mod iam;
mod lenient;
pub mod operation;
pub mod permission;
mod projects;
pub mod retry;
pub mod rows;
pub mod sign;
mod sts;
pub mod taurusdb;
pub mod tls;
