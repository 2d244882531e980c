//! hwc-sandbox
fn main() {}
