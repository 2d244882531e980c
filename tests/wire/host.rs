//! A host in the manner of go-plugin: starts the plugin, reads its line, connects with mutual TLS.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use tempfile::TempDir;
use terraform_provider_hwc::plugin::proto::go_plugin::Empty;
use terraform_provider_hwc::plugin::proto::go_plugin::grpc_controller_client::GrpcControllerClient;
use terraform_provider_hwc::plugin::proto::tfplugin6::get_metadata;
use terraform_provider_hwc::plugin::proto::tfplugin6::provider_client::ProviderClient;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::test_plugins;

pub const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);

const LARGEST_MESSAGE: usize = 256 << 20;

/// The test plugin's program.
pub fn plugin_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| test_plugins::built("wire-plugin"))
}

/// The test plugin's program with nothing in its environment.
pub fn bare() -> Command {
    bare_program(plugin_program())
}

/// A plugin's program with nothing in its environment.
pub fn bare_program(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A certificate and the key to prove it with.
pub struct Identity {
    pub certificate: CertificateDer<'static>,
    key: KeyPair,
    pem: String,
}

impl Identity {
    /// One as go-plugin makes them: P-521, signed by itself, its own authority.
    pub fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params
            .distinguished_name
            .push(DnType::OrganizationName, "HashiCorp");
        params
            .distinguished_name
            .push(DnType::CommonName, "localhost");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            key,
        }
    }

    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// This certificate with the key of another.
    pub fn with_key_of(&self, other: &Identity) -> Self {
        let key = KeyPair::try_from(other.key.serialize_der()).unwrap();
        Self {
            certificate: self.certificate.clone(),
            pem: self.pem.clone(),
            key,
        }
    }

    fn certified(&self) -> Arc<CertifiedKey> {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let key = aws_lc_rs::sign::any_ecdsa_type(&key.into()).unwrap();
        Arc::new(CertifiedKey::new(vec![self.certificate.clone()], key))
    }
}

/// Shows the certificate it was given, whether or not the key is its own.
#[derive(Debug)]
struct Shows(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// A plugin that is running, and the identity that it was told to let in.
pub struct Host {
    pub child: Child,
    pub identity: Identity,
    pub socket: PathBuf,
    server: CertificateDer<'static>,
    /// What it writes on standard error, which must be read while it writes: a pipe holds little.
    log: JoinHandle<String>,
    /// Where the socket's directory is made: a plugin that is killed at a test's end leaves it behind.
    _parent: TempDir,
}

impl Host {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With more in the environment than a host sets by itself.
    pub async fn start_with(environment: &[(&str, &str)]) -> Self {
        let mut command = bare();
        command.envs(environment.iter().copied());
        Self::run(command).await
    }

    /// With another program than the test plugin's, from [`bare_program`].
    pub async fn run(mut command: Command) -> Self {
        let identity = Identity::new();
        let parent = tempfile::tempdir().unwrap();
        // What the test sets itself stays.
        if !command
            .as_std()
            .get_envs()
            .any(|(name, _)| name == "PLUGIN_UNIX_SOCKET_DIR")
        {
            command.env("PLUGIN_UNIX_SOCKET_DIR", parent.path());
        }
        let mut child = command
            .env(COOKIE.0, COOKIE.1)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_CLIENT_CERT", identity.pem())
            .spawn()
            .unwrap();
        let line = first_line(&mut child).await;
        let fields: Vec<&str> = line.trim_end().split('|').collect();
        let &["1", "6", "unix", socket, "grpc", server] = fields.as_slice() else {
            panic!("not a handshake: {line}");
        };
        let mut stderr = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut log = String::new();
            stderr.read_to_string(&mut log).await.unwrap();
            log
        });
        let server = STANDARD_NO_PAD.decode(server).unwrap().into();
        Self {
            identity,
            socket: socket.into(),
            server,
            child,
            log,
            _parent: parent,
        }
    }

    /// The socket's directory.
    pub fn directory(&self) -> &Path {
        self.socket.parent().unwrap()
    }

    pub async fn provider(&self) -> ProviderClient<Channel> {
        let channel = self.channel(Some(&self.identity)).await.unwrap();
        ProviderClient::new(channel)
            .max_decoding_message_size(LARGEST_MESSAGE)
            .max_encoding_message_size(LARGEST_MESSAGE)
    }

    pub async fn channel(
        &self,
        identity: Option<&Identity>,
    ) -> Result<Channel, tonic::transport::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(self.server.clone()).unwrap();
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_client_cert_resolver(Arc::new(Shows(identity.map(Identity::certified))));
        config.alpn_protocols = vec![b"h2".to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        connect(&self.socket, move |stream| {
            let connector = connector.clone();
            async move {
                connector
                    .connect("localhost".try_into().unwrap(), stream)
                    .await
            }
        })
        .await
    }

    /// Whether a client with this identity can ask anything.
    pub async fn admits(&self, identity: Option<&Identity>) -> bool {
        match self.channel(identity).await {
            Ok(channel) => ProviderClient::new(channel)
                .get_metadata(get_metadata::Request {})
                .await
                .is_ok(),
            Err(_) => false,
        }
    }

    pub async fn shutdown(&self) {
        let channel = self.channel(Some(&self.identity)).await.unwrap();
        GrpcControllerClient::new(channel)
            .shutdown(Empty {})
            .await
            .unwrap();
    }

    pub fn send(&self, signal: Signal) {
        kill(
            Pid::from_raw(self.child.id().unwrap().try_into().unwrap()),
            signal,
        )
        .unwrap();
    }

    pub async fn ended(&mut self) -> ExitStatus {
        tokio::time::timeout(Duration::from_secs(10), self.child.wait())
            .await
            .expect("the plugin does not end")
            .unwrap()
    }

    /// The most memory that the plugin had so far, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    }

    /// Ends the plugin and gives back what it wrote on standard error.
    pub async fn log(mut self) -> String {
        self.shutdown().await;
        self.ended().await;
        self.log.await.unwrap()
    }
}

/// A channel over the unix socket at `path`, dressed by `dress`.
pub async fn connect<F, S>(
    path: &Path,
    dress: impl Fn(UnixStream) -> F + Clone + Send + 'static,
) -> Result<Channel, tonic::transport::Error>
where
    F: Future<Output = std::io::Result<S>> + Send + 'static,
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let path = path.to_owned();
    let connector = tower::service_fn(move |_: Uri| {
        let (path, dress) = (path.clone(), dress.clone());
        async move {
            let stream = UnixStream::connect(path).await?;
            dress(stream).await.map(TokioIo::new)
        }
    });
    Endpoint::from_static("http://localhost")
        .connect_with_connector(connector)
        .await
}

/// The line that a plugin says hello with; empty if it ends without.
pub async fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.as_mut().unwrap());
    tokio::time::timeout(Duration::from_secs(10), stdout.read_line(&mut line))
        .await
        .expect("no handshake")
        .unwrap();
    line
}
