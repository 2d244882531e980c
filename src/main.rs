//! The plugin that Terraform and OpenTofu start.

use std::process::ExitCode;

use terraform_provider_hwc::{plugin, provider::HwcProvider};

#[tokio::main]
async fn main() -> ExitCode {
    plugin::serve(HwcProvider::default()).await
}
