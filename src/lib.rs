//! terraform-provider-hwc

pub mod session;
