//! A Terraform and OpenTofu provider that kills database sessions on Huawei Cloud and keeps the proof in state.
//!
//! * [`provider`][]: what users write in HCL, one file for each thing.
//! * [`huaweicloud`][]: the API client; knows nothing of Terraform.
//! * [`session`][]: which sessions to kill, and what became of them; pure.
//! * [`plugin`][]: the wire to Terraform and OpenTofu; knows nothing of Huawei Cloud.

pub mod huaweicloud;
pub mod plugin;
pub mod provider;
pub mod session;
