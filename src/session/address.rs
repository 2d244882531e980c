//! Where sessions come from: as the servers list it, and as an engineer writes a condition on it.
//!
//! Addresses are compared as addresses, never as text: pt-kill's `--match-host 10.0.0.1` is a pattern that also finds
//! `10.0.0.12`, ours is one address. An IPv4 address that is written inside IPv6 (`::ffff:10.0.0.7`) is that IPv4
//! address. Names are compared without regard to case and are never resolved: `localhost` and `127.0.0.1` are two
//! different things, as they are to MySQL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net};

use super::problem::Problem;

/// The bits before the IPv4 address in an IPv4 address that is written inside IPv6, `::ffff:0:0/96`.
const MAPPED_PREFIX: u8 = 96;

/// The far end of a session, as a server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    host: Host,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    Name(String),
}

impl Host {
    /// Whether it is an address or can be the name of a host.
    fn is_readable(&self) -> bool {
        match self {
            Self::Address(_) => true,
            Self::Name(name) => is_host_name(name),
        }
    }
}

impl Origin {
    /// Reads what a server lists: `10.0.0.7:51234`, `[2001:db8::7]:51234`, MySQL's `2001:db8::7:51234`, `app-7:51234`,
    /// `localhost`, `/run/redis.sock:0`. An empty text has no origin.
    ///
    /// Some servers write an IPv6 address and its port without brackets, and others list no ports. So `2001:db8::7:51` is read
    /// both ways: with the port 51, and as an address. Every other text has one reading.
    pub fn readings(text: &str) -> impl Iterator<Item = Self> {
        let with_port = Self::with_port(text);
        let host = match address(unbracketed(text)) {
            Some(address) => Some(Host::Address(address)),
            None if with_port.is_some() || text.is_empty() => None,
            None => Some(Host::Name(text.to_owned())),
        };
        let without_port = host.map(|host| Self::new(host, None));
        with_port.into_iter().chain(without_port)
    }

    /// Writes an address with its port in the form that has one reading: `[2001:db8::7]:51` for `2001:db8::7:51`. Only for lists
    /// in which every address has a port, such as MySQL's.
    #[must_use]
    pub fn bracketed(listed: String) -> String {
        match Self::with_port(&listed) {
            Some(Self {
                host: Host::Address(address),
                port: Some(port),
            }) => SocketAddr::new(address, port).to_string(),
            _ => listed,
        }
    }

    /// Reads an address or a name with a port.
    fn with_port(text: &str) -> Option<Self> {
        let (before, port) = text.rsplit_once(':')?;
        let port = port.parse().ok()?;
        let host = match address(unbracketed(before)) {
            Some(address) => Host::Address(address),
            None if before.contains(':') => return None,
            None => Host::Name(before.to_owned()),
        };
        Some(Self::new(host, Some(port)))
    }

    /// The address, where it is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Address(address) => Some(address),
            Host::Name(_) => None,
        }
    }

    fn new(host: Host, port: Option<u16>) -> Self {
        Self { host, port }
    }
}

/// A condition on where sessions come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OriginPattern {
    host: HostPattern,
    /// Compared only when it is given.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum HostPattern {
    Network(IpNet),
    Name(String),
}

impl OriginPattern {
    /// Reads an address, an address with a port, or a network: `10.0.0.7`, `10.0.0.7:51234`, `10.0.0.0/24`,
    /// `2001:db8::7`, `[2001:db8::7]`, `[2001:db8::7]:51234`, `2001:db8::/32`. An IPv6 address with a port needs the
    /// brackets.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn parse_address(text: &str) -> Result<Self, Problem> {
        Self::parse(text)?.ok_or_else(|| Problem::NotAnAddress {
            value: text.to_owned(),
            names: false,
        })
    }

    /// Reads what [`parse_address`](Self::parse_address) reads, or a host name, with a port or without: `app-7`,
    /// `app-7.example.com:51234`. A name that ends in a number, such as `10.0.0.300`, is an address gone wrong.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn parse_host(text: &str) -> Result<Self, Problem> {
        if let Some(pattern) = Self::parse(text)? {
            return Ok(pattern);
        }
        let (name, port) = with_port(text)?;
        if !is_host_name(name) {
            return Err(Problem::NotAnAddress {
                value: text.to_owned(),
                names: true,
            });
        }
        Ok(Self {
            host: HostPattern::Name(name.to_owned()),
            port,
        })
    }

    /// Whether a session from there meets the condition.
    #[must_use]
    pub fn matches(&self, origin: &Origin) -> bool {
        self.host.matches(&origin.host) && (self.port.is_none() || self.port == origin.port)
    }

    /// Whether a session from there may meet the condition, for all that the list tells: the list may show a name where the
    /// condition has an address or the other way round, no port, or something that cannot be read.
    #[must_use]
    pub fn may_match(&self, origin: &Origin) -> bool {
        let port = self.port.is_none() || origin.port.is_none() || self.port == origin.port;
        !origin.host.is_readable() || (port && self.host.may_match(&origin.host))
    }

    /// The address, if only one meets the condition.
    #[must_use]
    pub fn only_address(&self) -> Option<IpAddr> {
        match &self.host {
            HostPattern::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                Some(network.addr())
            }
            _ => None,
        }
    }

    /// Reads a network or an address; `None` if the text is neither, but may still be a name.
    fn parse(text: &str) -> Result<Option<Self>, Problem> {
        if text.is_empty() {
            return Err(Problem::EmptyValue);
        }
        if text.contains('/') {
            let host = HostPattern::Network(network(text)?);
            return Ok(Some(Self { host, port: None }));
        }
        if let Some(address) = address(text) {
            return Ok(Some(Self::address(address, None)));
        }
        if text.starts_with('[') {
            return bracketed(text).map(Some);
        }
        let (host, port) = with_port(text)?;
        Ok(address(host)
            .filter(IpAddr::is_ipv4)
            .map(|address| Self::address(address, port)))
    }

    fn address(address: IpAddr, port: Option<u16>) -> Self {
        Self {
            host: HostPattern::Network(address.into()),
            port,
        }
    }
}

impl HostPattern {
    fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Network(network), Host::Address(address)) => network.contains(address),
            (Self::Name(wanted), Host::Name(name)) => wanted.eq_ignore_ascii_case(name),
            _ => false,
        }
    }

    /// A name may stand for any address, but `localhost` only for the loopback addresses.
    fn may_match(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Network(network), Host::Name(name)) => {
                !is_localhost(name) || LOOPBACK.iter().any(|address| network.contains(address))
            }
            (Self::Name(name), Host::Address(address)) => {
                !is_localhost(name) || address.is_loopback()
            }
            _ => self.matches(host),
        }
    }
}

/// The addresses that `localhost` stands for.
const LOOPBACK: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

fn is_localhost(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
}

/// Reads `[2001:db8::7]` and `[2001:db8::7]:51234`.
fn bracketed(text: &str) -> Result<OriginPattern, Problem> {
    let problem = || Problem::NotAnAddress {
        value: text.to_owned(),
        names: false,
    };
    let (inside, after) = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .ok_or_else(problem)?;
    let inside: Ipv6Addr = inside.parse().map_err(|_| problem())?;
    let port = match after.strip_prefix(':') {
        Some(port) => Some(self::port(text, port)?),
        None if after.is_empty() => None,
        None => return Err(problem()),
    };
    Ok(OriginPattern::address(
        IpAddr::V6(inside).to_canonical(),
        port,
    ))
}

/// Reads a network whose address is its first one. An IPv4 network written inside IPv6 becomes that IPv4 network.
fn network(text: &str) -> Result<IpNet, Problem> {
    let network: IpNet = text.parse().map_err(|_| Problem::NotANetwork {
        value: text.to_owned(),
    })?;
    if network != network.trunc() {
        return Err(Problem::HostBits {
            value: text.to_owned(),
            network: network.trunc().to_string(),
            address: network.addr().to_string(),
        });
    }
    let IpNet::V6(v6) = network else {
        return Ok(network);
    };
    Ok(v6
        .addr()
        .to_ipv4_mapped()
        .zip(v6.prefix_len().checked_sub(MAPPED_PREFIX))
        .and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok())
        .map_or(network, IpNet::V4))
}

/// Cuts `host:port`. Without a colon there is no port; with several there is no telling, and the whole is the host.
fn with_port(text: &str) -> Result<(&str, Option<u16>), Problem> {
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => Ok((host, Some(self::port(text, port)?))),
        _ => Ok((text, None)),
    }
}

fn port(text: &str, port: &str) -> Result<u16, Problem> {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(number) if digits && number > 0 => Ok(number),
        _ => Err(Problem::NotAPort {
            value: text.to_owned(),
            port: port.to_owned(),
        }),
    }
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

fn unbracketed(text: &str) -> &str {
    text.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text)
}

/// Whether a text can be the name of a host: labels of letters, digits, `-` and `_` with dots between, the last of them
/// not a number.
fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').all(label) && !text.rsplit('.').next().is_none_or(numeric)
}

#[cfg(test)]
mod tests;
