//! The account that the sandbox plays, and its one project.

/// Names and ids, as set by options or made up.
#[derive(Debug)]
pub(crate) struct Account {
    /// The region, which is also the name of the project.
    pub region: String,
    pub project_id: String,
    pub domain_name: String,
    pub domain_id: String,
}
