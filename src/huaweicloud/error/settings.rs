//! Why no call can be sent with the settings as they are.

use std::path::PathBuf;

/// What is wrong with the settings of a client. Nothing secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsProblem {
    /// Region and cloud make no host name.
    #[error("region {region:?} and cloud {cloud:?} form no valid host name: {reason}")]
    HostName {
        /// The region.
        region: String,
        /// The cloud's domain name.
        cloud: String,
        /// What the URL parser says.
        reason: String,
    },
    /// The region is known not to have the API.
    #[error("the API {api:?} has no host in region {region:?}")]
    NoEndpoint {
        /// The key of the API.
        api: &'static str,
        /// The region.
        region: String,
    },
    /// The account has several projects of the name, so it is not known which one is meant.
    #[error("IAM lists {count} projects named {name:?}")]
    SeveralProjects {
        /// The name.
        name: String,
        /// How many there are.
        count: usize,
    },
    /// The value of a header has characters that HTTP does not allow.
    #[error("the header {0} cannot be sent: its value has characters that HTTP does not allow")]
    Header(String),
    /// The body of the request cannot be written.
    #[error("the request has no JSON form: {0}")]
    NoJson(String),
    /// A proxy variable that applies cannot be followed. Its value may hold a password, so it is not kept.
    #[error("the variable {variable} {flaw}")]
    Proxy {
        /// The variable's name.
        variable: &'static str,
        /// What is wrong with its value.
        flaw: ProxyFlaw,
    },
    /// Certificates or keys cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsProblem),
}

/// What is wrong with the value of a proxy variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyFlaw {
    /// It names a SOCKS proxy.
    #[error("names a SOCKS proxy")]
    Socks,
    /// It is not the URL of a proxy.
    #[error("is set, but its value is not the URL of a proxy")]
    NoUrl,
}

/// What is wrong with the certificates and keys that were given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsProblem {
    /// The text that is to have certificates of authorities has none.
    #[error("there is no certificate of an authority in PEM form")]
    NoAuthority,
    /// A client certificate without its key.
    #[error("there is a client certificate but no key")]
    KeyMissing,
    /// A client key without its certificate.
    #[error("there is a client key but no certificate")]
    CertificateMissing,
    /// The client certificate and its key are no such thing.
    #[error(
        "the client certificate and its key are not a certificate and a private key in PEM form"
    )]
    NoIdentity,
    /// The file with the certificates of authorities cannot be read.
    #[error("the certificates of the authorities cannot be read ({}: {reason})", path.display())]
    AuthoritiesUnreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The file with the client certificate cannot be read.
    #[error("the client certificate cannot be read ({}: {reason})", path.display())]
    CertificateUnreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The file with the client key cannot be read. A key without its first line would pass for a path, so the path is
    /// not kept.
    #[error("the client key cannot be read ({reason})")]
    KeyUnreadable {
        /// Why not.
        reason: String,
    },
    /// The roots that come with this program cannot be read.
    #[error("the bundled certificates cannot be read: {0}")]
    BundledRoots(String),
    /// The TLS library refuses to start.
    #[error("TLS cannot be set up: {0}")]
    NotSetUp(String),
}
