//! The documented errors of services: a code, its status, and its message in two languages.
//!
//! Services of one family share a table, because their documents share the codes.

use axum::http::StatusCode;

use crate::{
    busy::Refusal,
    error::{ApiError, plain_body},
};

/// One documented error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Documented {
    pub code: &'static str,
    pub status: StatusCode,
    pub english: &'static str,
    pub chinese: &'static str,
}

impl Documented {
    /// The error.
    pub fn error(&self) -> ApiError {
        ApiError {
            chinese: Some(self.chinese.to_owned()),
            ..ApiError::new(plain_body, self.status, self.code, self.english)
        }
    }

    /// The error with a reason behind its message.
    pub fn because(&self, reason: &str) -> ApiError {
        ApiError {
            chinese: Some(format!("{}: {reason}", self.chinese)),
            ..ApiError::new(
                plain_body,
                self.status,
                self.code,
                format!("{}: {reason}", self.english),
            )
        }
    }
}

/// The errors that every service with instances and nodes needs.
#[derive(Debug)]
pub(crate) struct ErrorTable {
    /// An argument of a query or a body makes no sense.
    pub bad_argument: Documented,
    /// A page of a list is larger than allowed.
    pub page_too_large: Documented,
    /// The form of an id is wrong.
    pub bad_id: Documented,
    pub no_such_instance: Documented,
    pub no_such_node: Documented,
    /// The server behind a node does not answer.
    pub no_answer: Documented,
}

/// The family of RDS. TaurusDB documents all of these; that `DBS.290013` is the code of a node is inferred: it is the code of
/// other resources. GaussDB documents all of them but `DBS.280439`.
pub(crate) static DBS: ErrorTable = ErrorTable {
    bad_argument: Documented {
        code: "DBS.200001",
        status: StatusCode::BAD_REQUEST,
        english: "Parameter error",
        chinese: "参数错误",
    },
    page_too_large: Documented {
        code: "DBS.280439",
        status: StatusCode::BAD_REQUEST,
        english: "Parameter error",
        chinese: "参数错误",
    },
    bad_id: Documented {
        code: "DBS.280404",
        status: StatusCode::BAD_REQUEST,
        english: "Parameter error",
        chinese: "参数错误",
    },
    no_such_instance: Documented {
        code: "DBS.200002",
        status: StatusCode::NOT_FOUND,
        english: "The DB instance does not exist.",
        chinese: "数据库实例不存在。",
    },
    no_such_node: Documented {
        code: "DBS.290013",
        status: StatusCode::NOT_FOUND,
        english: "This node does not exist.",
        chinese: "节点不存在。",
    },
    no_answer: Documented {
        code: "DBS.200005",
        status: StatusCode::INTERNAL_SERVER_ERROR,
        english: "Server failure",
        chinese: "服务器故障",
    },
};

/// The family of DDS and GeminiDB, whose tables of error codes agree. That a page too large is an invalid limit is inferred.
pub(crate) static NOSQL: ErrorTable = ErrorTable {
    bad_id: Documented {
        code: "DBS.280407",
        status: StatusCode::BAD_REQUEST,
        english: "Invalid node ID.",
        chinese: "节点ID错误。",
    },
    no_such_node: Documented {
        code: "DBS.200013",
        status: StatusCode::NOT_FOUND,
        english: "This node does not exist.",
        chinese: "节点不存在",
    },
    no_answer: Documented {
        code: "DBS.280005",
        status: StatusCode::INTERNAL_SERVER_ERROR,
        english: "Server error. Try again later.",
        chinese: "服务器错误，请稍后重试。",
    },
    ..DBS
};

/// The refusals of their instances whose state does not allow a kill, or on which another operation runs.
pub(crate) const NOSQL_REFUSALS: &[Refusal] = &[
    nosql_refusal("DBS.200019", StatusCode::FORBIDDEN),
    nosql_refusal("DBS.200011", StatusCode::FORBIDDEN),
    nosql_refusal("DBS.200018", StatusCode::FORBIDDEN),
    nosql_refusal("DBS.200047", StatusCode::BAD_REQUEST),
    nosql_refusal("DBS.200076", StatusCode::FORBIDDEN),
    nosql_refusal("DBS.201000", StatusCode::FORBIDDEN),
    nosql_refusal("DBS.201014", StatusCode::FORBIDDEN),
    nosql_refusal("DBS.201015", StatusCode::FORBIDDEN),
    nosql_refusal("DBS.201202", StatusCode::BAD_REQUEST),
    // In no table: the official provider waits for it. The status is inferred.
    nosql_refusal("DBS.00010009", StatusCode::BAD_REQUEST),
];

const fn nosql_refusal(code: &'static str, status: StatusCode) -> Refusal {
    Refusal::new(
        code,
        status,
        "Operation cannot be executed in current state of the DB instance.",
    )
}

/// The family of DAS, whose documents tell the codes of arguments: `DAS.200100` any, `DAS.200104` a limit, `DAS.200114` an
/// instance. That they are the answer when an id belongs to nobody, and that a failing server has the code of RDS, is
/// inferred.
pub(crate) static DAS: ErrorTable = ErrorTable {
    bad_argument: das("DAS.200100", "The parameter is invalid", "参数错误"),
    page_too_large: das(
        "DAS.200104",
        "The limit parameter is invalid",
        "limit参数错误",
    ),
    bad_id: das(
        "DAS.200114",
        "The instance_id parameter is invalid",
        "instance_id参数错误",
    ),
    no_such_instance: das(
        "DAS.200114",
        "The instance_id parameter is invalid.",
        "instance_id参数错误。",
    ),
    no_such_node: das("DAS.200100", "The parameter is invalid.", "参数错误。"),
    no_answer: DBS.no_answer,
};

/// DDM, whose documents tell two codes that fit: `DBS.280001` of any argument, and `DBS.200412` of a failing server. That it
/// shares the codes of things that are not there with RDS is inferred.
pub(crate) static DDM: ErrorTable = ErrorTable {
    bad_argument: DDM_ARGUMENT,
    page_too_large: DDM_ARGUMENT,
    bad_id: DDM_ARGUMENT,
    no_such_instance: DBS.no_such_instance,
    no_such_node: DBS.no_such_node,
    no_answer: Documented {
        code: "DBS.200412",
        status: StatusCode::INTERNAL_SERVER_ERROR,
        english: "Server failure.",
        chinese: "服务器故障。",
    },
};

const DDM_ARGUMENT: Documented = Documented {
    code: "DBS.280001",
    status: StatusCode::BAD_REQUEST,
    english: "Parameter error.",
    chinese: "参数错误。",
};

/// DAS answers `400` to every argument that makes no sense.
pub(crate) const fn das(
    code: &'static str,
    english: &'static str,
    chinese: &'static str,
) -> Documented {
    Documented {
        code,
        status: StatusCode::BAD_REQUEST,
        english,
        chinese,
    }
}

/// The refusals of a busy instance of RDS. Which of them DAS passes on is inferred: its documents have none.
pub(crate) const RDS_REFUSALS: &[Refusal] = &[
    dbs_conflict("DBS.200019"),
    dbs_conflict("DBS.200011"),
    dbs_conflict("DBS.200047"),
    dbs_conflict("DBS.201202"),
];

/// The refusals of a busy instance of TaurusDB. That they are those of HTAP too is inferred.
pub(crate) const TAURUSDB_REFUSALS: &[Refusal] = &[
    dbs_conflict("DBS.200019"),
    dbs_conflict("DBS.200011"),
    dbs_conflict("DBS.200047"),
    dbs_conflict("DBS.201202"),
    dbs_conflict("DBS.212006"),
    Refusal::new(
        "DBS.280449",
        StatusCode::BAD_REQUEST,
        "The DB instance is frozen.",
    ),
];

/// A kill while another operation runs, or on a faulty instance, in the family of RDS.
pub(crate) const fn dbs_conflict(code: &'static str) -> Refusal {
    Refusal::new(
        code,
        StatusCode::CONFLICT,
        "Another operation is being performed on the DB instance, or the instance is faulty.",
    )
}

/// The answer to a kill on a busy instance.
pub(crate) fn refused(refusal: Refusal) -> ApiError {
    ApiError::new(plain_body, refusal.status, refusal.code, refusal.message)
}
