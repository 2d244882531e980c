//! The messages of the wire, made from `proto/` by the build script.

#![allow(missing_docs, clippy::all, clippy::unwrap_used, clippy::expect_used)]

/// Terraform's plugin protocol 6.
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// What go-plugin expects of every plugin.
pub mod go_plugin {
    tonic::include_proto!("plugin");
}

/// The gRPC health check.
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}
