//! Messages in the language that `X-Language` asks for.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};

/// The languages of the APIs; English unless asked otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let asked = parts.headers.get("x-language");
        Ok(match asked.and_then(|value| value.to_str().ok()) {
            Some(value) if value.eq_ignore_ascii_case("zh-cn") => Self::Chinese,
            _ => Self::English,
        })
    }
}
