//! Which servers the client trusts, and which certificate it presents, when it speaks TLS.
//!
//! Trusted are the machine's own roots; the ones that come with this program, where the machine has none; or only
//! those that the user gave. TLS 1.2 is the least.

use std::path::PathBuf;

use reqwest::{Certificate, ClientBuilder, Identity};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::error::{Error, TlsProblem};
use super::home;

/// How the text of a certificate or key begins; anything else is a path.
const PEM: &str = "-----BEGIN";

/// What the user says about TLS. Every certificate and key is a path, or the PEM text itself.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Accept every certificate.
    pub insecure: bool,
    /// The certificates of the authorities to trust instead of the machine's.
    pub cacert: Option<String>,
    /// The certificate to present to the server, with those between it and its root.
    pub cert: Option<String>,
    /// Its private key, not encrypted.
    pub key: Option<SecretString>,
    /// What `~` means in a path.
    pub home: Option<PathBuf>,
}

/// Where trusted roots come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Roots {
    /// The machine, or the user's own.
    Usual,
    /// This program.
    Bundled,
}

impl Tls {
    /// Does it make sense to try the bundled roots when there is nothing else?
    pub(super) fn may_use_bundled(&self) -> bool {
        !self.insecure && self.cacert.is_none()
    }

    /// Sets up a client.
    pub(super) fn apply(
        &self,
        mut builder: ClientBuilder,
        roots: Roots,
    ) -> Result<ClientBuilder, Error> {
        if self.insecure {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        if let Some(cacert) = &self.cacert {
            builder = builder.tls_certs_only(self.authorities(cacert)?);
        } else if roots == Roots::Bundled {
            builder = builder.tls_certs_only(bundled()?);
        }
        if let Some(identity) = self.identity()? {
            builder = builder.identity(identity);
        }
        Ok(builder)
    }

    fn authorities(&self, cacert: &str) -> Result<Vec<Certificate>, Error> {
        let pem = self.read(cacert).map_err(|(path, reason)| {
            problem(TlsProblem::AuthoritiesUnreadable { path, reason })
        })?;
        match Certificate::from_pem_bundle(pem.as_bytes()) {
            Ok(certificates) if !certificates.is_empty() => Ok(certificates),
            _ => Err(problem(TlsProblem::NoAuthority)),
        }
    }

    fn identity(&self) -> Result<Option<Identity>, Error> {
        let (cert, key) = match (&self.cert, &self.key) {
            (None, None) => return Ok(None),
            (Some(cert), Some(key)) => (cert, key),
            (Some(_), None) => return Err(problem(TlsProblem::KeyMissing)),
            (None, Some(_)) => return Err(problem(TlsProblem::CertificateMissing)),
        };
        let cert = self.read(cert).map_err(|(path, reason)| {
            problem(TlsProblem::CertificateUnreadable { path, reason })
        })?;
        let key = self
            .read(key.expose_secret())
            .map_err(|(_, reason)| problem(TlsProblem::KeyUnreadable { reason }))?;
        let both = Zeroizing::new(format!("{}\n{}\n", cert.as_str(), key.as_str()));
        Identity::from_pem(both.as_bytes())
            .map(Some)
            .map_err(|_| problem(TlsProblem::NoIdentity))
    }

    /// The text itself, or that of the file that it names. The error is the path, and why it cannot be read.
    fn read(&self, text: &str) -> Result<Zeroizing<String>, (PathBuf, String)> {
        if text.contains(PEM) {
            return Ok(Zeroizing::new(text.to_owned()));
        }
        let path = home::expand(text.trim(), self.home.as_deref())
            .map_err(|reason| (PathBuf::from(text), reason))?;
        std::fs::read_to_string(&path)
            .map(Zeroizing::new)
            .map_err(|reason| (path, reason.to_string()))
    }
}

fn problem(problem: TlsProblem) -> Error {
    Error::Settings(problem.into())
}

fn bundled() -> Result<Vec<Certificate>, Error> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|der| Certificate::from_der(der))
        .collect::<Result<_, _>>()
        .map_err(|error| problem(TlsProblem::BundledRoots(error.to_string())))
}
