//! What all services share: the account, the keys, and the faults and the journal of every call.

use tokio_util::sync::CancellationToken;

use crate::{
    account::Account, backends::Size, faults::Faults, journal::Journal, keyring::Keyring,
    throttle::Throttle,
};

#[derive(Debug)]
pub(crate) struct Cloud {
    pub account: Account,
    pub keyring: Keyring,
    pub throttle: Throttle,
    pub faults: Faults,
    pub journal: Journal,
    /// The size of a simulated node, unless its mapping says another.
    pub simulated: Size,
    /// Ends the jobs of the services when the sandbox stops.
    pub stop: CancellationToken,
}
