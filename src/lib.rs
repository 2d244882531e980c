//! terraform-provider-hwc

pub mod plugin;
