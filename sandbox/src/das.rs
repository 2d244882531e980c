//! What the services of DAS have in common: RDS for MySQL and RDS for PostgreSQL.

use std::sync::Arc;

use crate::{
    error::ApiError,
    instances::Node,
    node_service::{NodeOptions, NodeService},
};

/// The most sessions of a page.
pub(crate) const LARGEST_PAGE: usize = 100;

/// Accounts of the cloud, which are not killed.
const PROTECTED: [&str; 4] = ["rdsadmin", "rdsbackup", "rdsmetric", "rdsrepl"];

/// Whether this is an account of the cloud.
pub(crate) fn is_protected(user: &str) -> bool {
    PROTECTED.iter().any(|name| user.eq_ignore_ascii_case(name))
}

/// The node with this id, or the primary: the first node of an instance.
pub(crate) fn node<'a, O: NodeOptions>(
    rds: &'a NodeService<O>,
    instance_id: &str,
    node_id: Option<&str>,
) -> Result<&'a Arc<Node<O::Sessions>>, ApiError> {
    match node_id {
        Some(node_id) => rds.node(instance_id, node_id),
        None => rds.first_node(instance_id),
    }
}
