//! The line that says how to reach a sandbox.

use serde::{Deserialize, Serialize};

/// How to reach a sandbox: the line of JSON that `hwc-sandbox` prints once it is ready.
///
/// It holds the made-up secrets, because whoever started the sandbox needs them; printing it with `{:?}` does not
/// show them.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Ready {
    /// Where all services answer, for example `http://127.0.0.1:40123`.
    pub url: String,
    /// The access key that signs requests.
    pub access_key: String,
    /// The secret key that belongs to it.
    pub secret_key: String,
    /// The project that the instances are in, 32 letters and digits.
    pub project_id: String,
    /// The region, which is also the project's name.
    pub region: String,
    /// The nodes that can be called.
    pub nodes: Vec<ReadyNode>,
    /// Name of the account that owns everything.
    pub domain_name: String,
    /// Id of that account.
    pub domain_id: String,
    /// The user who may log in with a password.
    pub user_name: String,
    /// Id of that user.
    pub user_id: String,
    /// The password.
    pub user_password: String,
    /// The agency that may be assumed.
    pub agency_name: String,
    /// The identity provider whose id token is accepted.
    pub idp_id: String,
    /// The id token.
    pub id_token: String,
}

/// A node and how many sessions it had at the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyNode {
    /// The name of the service, for example `dcs`.
    pub service: String,
    /// The instance that the node belongs to.
    pub instance_id: String,
    /// The node's own id.
    pub node_id: String,
    /// Sessions at the start, internal ones not counted.
    pub sessions: usize,
    /// RDS for MySQL: the id of the account that DAS has stored for the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_user_id: Option<String>,
    /// GaussDB: the component of the node whose sessions these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_id: Option<String>,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Ready")
            .field("url", &self.url)
            .field("access_key", &self.access_key)
            .field("project_id", &self.project_id)
            .field("region", &self.region)
            .field("nodes", &self.nodes)
            .finish_non_exhaustive()
    }
}

impl ReadyNode {
    /// A node that can be called.
    pub(crate) fn new(service: &str, instance_id: &str, node_id: &str, sessions: usize) -> Self {
        Self {
            service: service.to_owned(),
            instance_id: instance_id.to_owned(),
            node_id: node_id.to_owned(),
            sessions,
            database_user_id: None,
            component_id: None,
        }
    }
}
