//! terraform-provider-hwc

pub mod huaweicloud;
