//! terraform-provider-hwc
fn main() {}
