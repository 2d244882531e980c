//! What services share: the account, the keys, the faults and the journal of every call, and a log of kills.

use tokio_util::sync::CancellationToken;

use crate::{
    account::Account, backends::Size, faults::Faults, journal::Journal, keyring::Keyring,
    ledger::KillLog, throttle::Throttle,
};

#[derive(Debug)]
pub(crate) struct Cloud {
    pub account: Account,
    pub keyring: Keyring,
    pub throttle: Throttle,
    pub faults: Faults,
    pub journal: Journal,
    /// The kills of those services that tell of them.
    pub kill_log: KillLog,
    /// The size of a simulated node, unless its mapping says another.
    pub simulated: Size,
    /// Ends the jobs of the services when the sandbox stops.
    pub stop: CancellationToken,
}
