//! The Huawei Cloud API client. It knows nothing of Terraform.
//!
//! From the top down, and nothing looks up:
//!
//! * [`apis`][]: every API that is called.
//! * [`das`], [`dcs`], [`ddm`], [`dds`], [`geminidb`], [`opengauss`], [`taurusdb`]: the calls of a service, one file each.
//! * [`calls`][]: what the calls of all services have in common.
//! * [`client`][]: one call from its parts to its outcome: what it needs first, its turn, and its repeats.
//! * `projects`: the project of a region, given or looked up.
//! * [`credentials`][]: where credentials come from.
//! * [`iam`], `sts`: the calls that sign in, and the one that finds a project.
//! * `http`: one request, signed and sent, and its answer.
//! * `connection`: kept connections, fresh ones for kills, and proxies.
//! * `call`: what is asked and what came back, and the trait of who makes the calls that another one needs first.
//! * `identity`: credentials, and what IAM knows by id or name.
//!
//! What all of them use:
//!
//! * `settings`: what a client needs to know before its first call.
//! * [`api`][]: what is said of an API once, beside its calls; [`endpoint`][]: where it answers.
//! * [`error`][]: what can go wrong, and [`Outcome`](error::Outcome): accepted, rejected or unknown.
//! * [`operation`][]: time limit and stop of what a user asked for.
//! * `loose_json`, [`rows`], `error_body`: answers that are almost what the API documents say.
//! * [`id`]: why a text is no identifier.
//! * [`retry`][]: when to repeat, how long to wait, how fast to go.
//! * [`sign`][]: signatures of requests.
//! * [`tls`][]: which servers to trust, and which certificate to present.
//! * `home`: paths that begin with `~`.
//! * [`clock`][]: time and chance from outside.

pub mod api;
pub mod apis;
mod call;
pub mod calls;
pub mod client;
pub mod clock;
mod connection;
pub mod credentials;
pub mod das;
pub mod dcs;
pub mod ddm;
pub mod dds;
pub mod endpoint;
pub mod error;
mod error_body;
pub mod geminidb;
mod home;
mod http;
pub mod iam;
pub mod id;
mod identity;
mod loose_json;
pub mod opengauss;
pub mod operation;
mod projects;
pub mod retry;
pub mod rows;
mod settings;
pub mod sign;
pub mod sts;
pub mod taurusdb;
pub mod tls;

#[cfg(test)]
mod tests;
