//! Messages in the language that `X-Language` asks for.

use axum::http::HeaderMap;

/// The languages of the APIs; English unless asked otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

impl Language {
    /// The one that a request asks for.
    pub fn of(headers: &HeaderMap) -> Self {
        let asked = headers.get("x-language");
        match asked.and_then(|value| value.to_str().ok()) {
            Some(value) if value.eq_ignore_ascii_case("zh-cn") => Self::Chinese,
            _ => Self::English,
        }
    }
}
