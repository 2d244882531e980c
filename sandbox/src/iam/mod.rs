//! IAM and STS, as far as a client of the session calls needs them.

pub(crate) mod agencies;
pub(crate) mod projects;
pub(crate) mod tokens;

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use crate::error::{ApiError, Source};

const EXPIRY_FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// A time as IAM writes it: UTC, with microseconds.
pub(crate) fn expiry_text(time: OffsetDateTime) -> String {
    time.format(EXPIRY_FORMAT).unwrap_or_default()
}

/// Parses a body of a Keystone call.
fn keystone_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|reason| {
        keystone(
            StatusCode::BAD_REQUEST,
            format!("The request body is invalid: {reason}."),
        )
    })
}

/// An error of a Keystone call.
fn keystone(status: StatusCode, message: impl Into<String>) -> ApiError {
    ApiError::new(Source::Keystone, status, "", message)
}
