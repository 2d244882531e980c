//! The errors of TaurusDB, in two languages.
//!
//! All codes are documented: `DBS.200001` bad argument, `DBS.280439` a page of more than 100, `DBS.280404` the form of an
//! id, `DBS.200002` no such instance, `DBS.290013` no such node (inferred: it is the code of other resources), those of
//! `refusal`, `DBS.200005` the server behind a node does not answer.

use axum::http::StatusCode;

use crate::{
    busy::Refusal,
    error::{ApiError, plain_body},
    language::{Language, Message},
};

const PARAMETER_ERROR: Message = Message {
    english: "Parameter error",
    chinese: "参数错误",
};
const NO_SUCH_INSTANCE: Message = Message {
    english: "The DB instance does not exist.",
    chinese: "数据库实例不存在。",
};
const NO_SUCH_NODE: Message = Message {
    english: "This node does not exist.",
    chinese: "节点不存在。",
};
const SERVER_FAILURE: Message = Message {
    english: "Server failure",
    chinese: "服务器故障",
};

pub(super) fn refused(refusal: Refusal) -> ApiError {
    error(refusal.status, refusal.code, refusal.message)
}

pub(super) fn bad_argument(language: Language, reason: &str) -> ApiError {
    bad_request("DBS.200001", language, reason)
}

pub(super) fn page_too_large(language: Language, largest: usize) -> ApiError {
    let reason = format!("limit must be at most {largest}");
    bad_request("DBS.280439", language, &reason)
}

pub(super) fn bad_id(language: Language, reason: &str) -> ApiError {
    bad_request("DBS.280404", language, reason)
}

pub(super) fn no_such_instance(language: Language) -> ApiError {
    let message = NO_SUCH_INSTANCE.in_language(language);
    error(StatusCode::NOT_FOUND, "DBS.200002", message)
}

pub(super) fn no_such_node(language: Language) -> ApiError {
    let message = NO_SUCH_NODE.in_language(language);
    error(StatusCode::NOT_FOUND, "DBS.290013", message)
}

pub(super) fn server_does_not_answer(language: Language, reason: &anyhow::Error) -> ApiError {
    let message = format!("{}: {reason:#}", SERVER_FAILURE.in_language(language));
    error(StatusCode::INTERNAL_SERVER_ERROR, "DBS.200005", message)
}

fn bad_request(code: &'static str, language: Language, reason: &str) -> ApiError {
    let message = format!("{}: {reason}", PARAMETER_ERROR.in_language(language));
    error(StatusCode::BAD_REQUEST, code, message)
}

fn error(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::new(plain_body, status, code, message)
}
