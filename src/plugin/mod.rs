//! The wire: Terraform's plugin protocol 6 over go-plugin's handshake, with nothing of Huawei Cloud in it.
//!
//! Resources and data sources are written against tf-provider's typed traits; actions and ephemeral resources against
//! [`Action`] and [`EphemeralResource`], which follow their style. A [`Plugin`] registers them, and [`serve`] is the
//! process's whole life:
//!
//! - `server`: arguments, handshake, serving, the end;
//! - `handshake`, `tls`, `listener`, `shutdown`: what the host says, which client to let in, where, and until when;
//! - `service`, `go_plugin_services`: the gRPC services, in the protocol's names;
//! - `catalogue`, `rpc`: what is served, and the calls about each part of it;
//! - `upgrade`: states of earlier schema versions;
//! - `dynamic`: from typed traits to what the server can hold;
//! - `value`, `value_type`, `messagepack`, `json`, `type_error`: values, read against their schema before anything is decoded;
//! - `schema`, `diagnostics`: what goes back to the host;
//! - `panics`: a panic ends a call, not the process;
//! - [`log`]: lines that the host understands.

mod action;
mod catalogue;
mod diagnostics;
mod dynamic;
mod ephemeral_resource;
mod go_plugin_services;
mod handshake;
mod json;
mod listener;
pub mod log;
mod messagepack;
mod panics;
#[cfg(test)]
mod properties;
#[doc(hidden)]
pub mod proto;
mod record;
mod registry;
mod rpc;
mod schema;
mod server;
mod service;
mod shutdown;
mod tls;
mod type_error;
mod upgrade;
mod value;
mod value_type;

pub use action::{Action, Progress};
pub use ephemeral_resource::{EphemeralResource, Opened};
pub use record::record;
pub use registry::{Registry, Schemas, schemas};
pub use server::serve;

/// What is served: tf-provider's `Provider` for the provider block, and what it registers.
///
/// `Provider`'s own lists of resources, data sources and functions are not asked; [`Plugin::register`] is.
pub trait Plugin: tf_provider::Provider {
    /// The provider's name, such as `hwc`: the beginning of every type's name.
    fn name(&self) -> &'static str;

    /// The program's version, for `--version`.
    fn version(&self) -> &'static str;

    /// Registers resources, data sources, actions and ephemeral resources. Called once, and again for each
    /// [`schemas`].
    fn register(&self, registry: &mut Registry);

    /// The user wants to stop (StopProvider), or the process is about to end: whatever waits must give up soon and say
    /// what is known. Must not wait itself.
    fn stop(&self);
}
