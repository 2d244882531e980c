//! Messages in the language that `X-Language` asks for.

use axum::http::HeaderMap;

/// The languages of the API; English unless asked otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
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

    pub fn parameter_error(self) -> &'static str {
        match self {
            Self::English => "Parameter error",
            Self::Chinese => "参数错误",
        }
    }

    pub fn no_such_instance(self) -> &'static str {
        match self {
            Self::English => "The DB instance does not exist.",
            Self::Chinese => "数据库实例不存在。",
        }
    }

    pub fn no_such_node(self) -> &'static str {
        match self {
            Self::English => "This node does not exist.",
            Self::Chinese => "节点不存在。",
        }
    }

    pub fn server_error(self) -> &'static str {
        match self {
            Self::English => "Server failure",
            Self::Chinese => "服务器故障",
        }
    }
}
