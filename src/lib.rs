//! terraform-provider-hwc
