//! The resources that the tests write, in HCL.

use crate::support::sandbox::{DCS_INSTANCE, DCS_NODES, TAURUSDB_INSTANCE, TAURUSDB_NODES};

/// The address of what [`dcs_kill`] writes.
pub const DCS_KILL: &str = "hwc_dcs_session_kill.test";
/// The address of what [`taurusdb_kill`] writes.
pub const TAURUSDB_KILL: &str = "hwc_taurusdb_session_kill.test";

/// A kill on the DCS instance, with these arguments.
pub fn dcs_kill(arguments: &str) -> String {
    format!(
        r#"
resource "hwc_dcs_session_kill" "test" {{
  instance_id = "{DCS_INSTANCE}"
  {arguments}
}}
"#
    )
}

/// A kill on the first node of the DCS instance, with more arguments.
pub fn dcs_kill_of_first_node(arguments: &str) -> String {
    let [node, _] = DCS_NODES;
    dcs_kill(&format!("node_id = {node:?}\n  {arguments}"))
}

/// A kill of these threads on the first node of the TaurusDB instance, with more arguments.
pub fn taurusdb_kill(processes: &[u64], arguments: &str) -> String {
    let [node, _] = TAURUSDB_NODES;
    format!(
        r#"
resource "hwc_taurusdb_session_kill" "test" {{
  instance_id = "{TAURUSDB_INSTANCE}"
  node_id     = "{node}"
  processes   = {processes:?}
  {arguments}
}}
"#
    )
}
