//! terraform-provider-hwc

pub mod huaweicloud;
pub mod session;
