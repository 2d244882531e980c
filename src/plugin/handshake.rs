//! What the host tells the plugin through the environment, and the one line that it reads back.
//!
//! In the order in which it happens: the cookie says that a host started this program, the versions say what both sides
//! speak, the certificate says which client to let in, the rest says where to listen.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::ParsedCertificate;
use thiserror::Error;

/// Set by every host that speaks Terraform's plugin protocol; its only meaning is that it is there.
const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);

/// go-plugin's own version, the first field of the line.
const GO_PLUGIN_VERSION: u8 = 1;

/// The protocol this plugin speaks: Terraform 1.0 and OpenTofu 1.6 are the first that do.
const PROTOCOL_VERSION: &str = "6";

/// Where to look for a TCP port if the host does not say.
const ANY_PORT: RangeInclusive<u16> = 1024..=u16::MAX;

/// What the host said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handshake {
    /// The only client to let in; `None` for a host that does without TLS, which gets a unix socket and nothing else.
    pub(crate) client: Option<CertificateDer<'static>>,
    /// Where the socket's directory is to be made; `None` for the usual place.
    pub(crate) socket_dir: Option<PathBuf>,
    /// The ports to try where there are no unix sockets.
    #[cfg_attr(unix, allow(dead_code))]
    pub(crate) ports: RangeInclusive<u16>,
}

/// Why there is nothing to serve.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum HandshakeError {
    #[error("not started by Terraform or OpenTofu")]
    NoCookie,
    #[error(
        "the host speaks plugin protocol {offered}, this provider speaks {PROTOCOL_VERSION}; it needs Terraform 1.0 or \
         OpenTofu 1.6, or later"
    )]
    Version { offered: String },
    #[error(
        "PLUGIN_CLIENT_CERT is not one X.509 certificate in PEM; without it nobody could be let in safely"
    )]
    ClientCertificate,
    #[error("{name} is not a port number: {value:?}")]
    Port { name: &'static str, value: String },
    #[error("PLUGIN_MIN_PORT {from} is above PLUGIN_MAX_PORT {to}")]
    Ports { from: u16, to: u16 },
}

impl Handshake {
    /// Reads what the host said through `variable`, which looks up an environment variable.
    ///
    /// # Errors
    ///
    /// Nothing was said (no host), or it makes no sense. Never falls back to something less safe.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, HandshakeError> {
        let (cookie, expected) = COOKIE;
        if variable(cookie).as_deref() != Some(expected) {
            return Err(HandshakeError::NoCookie);
        }
        let set = |name| variable(name).filter(|value| !value.is_empty());
        speak(set("PLUGIN_PROTOCOL_VERSIONS"))?;
        Ok(Self {
            client: set("PLUGIN_CLIENT_CERT")
                .map(|pem| certificate(&pem))
                .transpose()?,
            socket_dir: set("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            ports: ports(set("PLUGIN_MIN_PORT"), set("PLUGIN_MAX_PORT"))?,
        })
    }
}

/// A host that names no versions takes what it gets.
fn speak(offered: Option<String>) -> Result<(), HandshakeError> {
    match offered {
        Some(offered)
            if !offered
                .split(',')
                .any(|version| version.trim() == PROTOCOL_VERSION) =>
        {
            Err(HandshakeError::Version { offered })
        }
        _ => Ok(()),
    }
}

fn certificate(pem: &str) -> Result<CertificateDer<'static>, HandshakeError> {
    let mut certificates = CertificateDer::pem_slice_iter(pem.as_bytes());
    let (Some(Ok(certificate)), None) = (certificates.next(), certificates.next()) else {
        return Err(HandshakeError::ClientCertificate);
    };
    match ParsedCertificate::try_from(&certificate) {
        Ok(_) => Ok(certificate),
        Err(_) => Err(HandshakeError::ClientCertificate),
    }
}

fn ports(from: Option<String>, to: Option<String>) -> Result<RangeInclusive<u16>, HandshakeError> {
    let port = |name, value: Option<String>, otherwise| match value {
        Some(value) => value
            .parse()
            .map_err(|_| HandshakeError::Port { name, value }),
        None => Ok(otherwise),
    };
    let from = port("PLUGIN_MIN_PORT", from, *ANY_PORT.start())?;
    let to = port("PLUGIN_MAX_PORT", to, *ANY_PORT.end())?;
    if from > to {
        return Err(HandshakeError::Ports { from, to });
    }
    Ok(from..=to)
}

/// Where the plugin listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address<'a> {
    /// A unix socket.
    #[cfg_attr(not(unix), allow(dead_code))]
    Socket(&'a Path),
    /// A TCP port on the loopback interface.
    #[cfg_attr(unix, allow(dead_code))]
    Port(std::net::SocketAddr),
}

/// The line that the host reads from standard output: versions, address, protocol, and the plugin's certificate.
pub(crate) struct Line<'a> {
    pub(crate) address: Address<'a>,
    pub(crate) certificate: Option<&'a CertificateDer<'static>>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{GO_PLUGIN_VERSION}|{PROTOCOL_VERSION}|")?;
        match &self.address {
            Address::Socket(path) => write!(f, "unix|{}", path.display())?,
            Address::Port(address) => write!(f, "tcp|{address}")?,
        }
        f.write_str("|grpc|")?;
        match self.certificate {
            Some(certificate) => f.write_str(&STANDARD_NO_PAD.encode(certificate)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(said: &[(&str, &str)]) -> Result<Handshake, HandshakeError> {
        Handshake::read(|name| {
            let all = said.iter().chain([&COOKIE]);
            all.into_iter()
                .find(|(said, _)| *said == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_the_cookie_there_is_no_host() {
        assert_eq!(Handshake::read(|_| None), Err(HandshakeError::NoCookie));
        assert_eq!(
            Handshake::read(|_| Some("x".to_owned())),
            Err(HandshakeError::NoCookie)
        );
    }

    #[test]
    fn a_host_that_says_little_gets_the_usual() {
        for said in [
            &[][..],
            &[
                ("PLUGIN_CLIENT_CERT", ""),
                ("PLUGIN_PROTOCOL_VERSIONS", "5, 6"),
            ],
        ] {
            let handshake = read(said).unwrap();

            assert_eq!(
                handshake,
                Handshake {
                    client: None,
                    socket_dir: None,
                    ports: ANY_PORT
                }
            );
        }
    }

    #[test]
    fn ports_are_a_range_or_an_error() {
        let ports = |from, to| {
            read(&[("PLUGIN_MIN_PORT", from), ("PLUGIN_MAX_PORT", to)]).map(|said| said.ports)
        };

        assert_eq!(ports("10000", "25000"), Ok(10000..=25000));
        assert_eq!(
            ports("2", "1"),
            Err(HandshakeError::Ports { from: 2, to: 1 })
        );
        let name = "PLUGIN_MAX_PORT";
        assert_eq!(
            ports("1", "65536"),
            Err(HandshakeError::Port {
                name,
                value: "65536".to_owned()
            })
        );
    }

    #[test]
    fn two_certificates_are_one_too_many() {
        let key = rcgen::KeyPair::generate().unwrap();
        let one = rcgen::CertificateParams::default()
            .self_signed(&key)
            .unwrap()
            .pem();

        assert!(
            read(&[("PLUGIN_CLIENT_CERT", &one)])
                .unwrap()
                .client
                .is_some()
        );
        let two = one.repeat(2);
        assert_eq!(
            read(&[("PLUGIN_CLIENT_CERT", &two)]),
            Err(HandshakeError::ClientCertificate)
        );
    }

    #[test]
    fn the_line_is_what_go_plugin_reads() {
        let certificate = CertificateDer::from(vec![1, 2, 3, 4]);
        let address = Address::Socket(Path::new("/tmp/x/s"));
        let line = Line {
            address,
            certificate: Some(&certificate),
        };
        assert_eq!(line.to_string(), "1|6|unix|/tmp/x/s|grpc|AQIDBA");

        let address = Address::Port(([127, 0, 0, 1], 1234).into());
        assert_eq!(
            Line {
                address,
                certificate: None
            }
            .to_string(),
            "1|6|tcp|127.0.0.1:1234|grpc|"
        );
    }
}
