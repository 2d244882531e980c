//! Signing in, in every way: with the client alone, where time is the test's, and through a real engine.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
#[allow(dead_code)]
mod support;

mod cloud;
mod engine;
mod metadata;
mod projects;
mod proxy;
mod renewal;
mod sources;
mod tls;
