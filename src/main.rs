//! The plugin that Terraform and OpenTofu start.

use terraform_provider_hwc::provider::{HwcProvider, NAME};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // It fails only when there is one already, which is as good.
    _ = rustls::crypto::ring::default_provider().install_default();
    tf_provider::serve(NAME, HwcProvider::default()).await
}
