//! Messages in the language that `X-Language` asks for.

use axum::http::HeaderMap;

/// The languages of the APIs; English unless asked otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

/// A message in each language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message {
    pub english: &'static str,
    pub chinese: &'static str,
}

impl Message {
    pub fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        }
    }
}

impl Language {
    pub fn asked_for(headers: &HeaderMap) -> Self {
        let asked = headers
            .get("x-language")
            .and_then(|value| value.to_str().ok());
        match asked {
            Some(value) if value.eq_ignore_ascii_case("zh-cn") => Self::Chinese,
            _ => Self::English,
        }
    }
}
