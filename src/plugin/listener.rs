//! Where the host connects: a unix socket in a directory of its own, or a loopback port where there are none.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::handshake::Address;

/// How long a client may take to prove who it is. The host is on the same machine and needs milliseconds.
const PROOF_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to leave the listener alone after it failed: the usual cause, too many open files, passes.
const PAUSE: Duration = Duration::from_millis(50);

/// Something that clients connect to. Dropping it closes it, and removes what it left in the file system.
pub(crate) enum Listener {
    #[cfg(unix)]
    Socket {
        listener: tokio::net::UnixListener,
        place: socket::Place,
    },
    #[cfg_attr(unix, allow(dead_code))]
    Port {
        listener: TcpListener,
        address: SocketAddr,
    },
}

impl Listener {
    /// Listens on the first free port of `ports` on the loopback interface.
    #[cfg_attr(unix, allow(dead_code))]
    pub(crate) async fn on_port(ports: RangeInclusive<u16>) -> io::Result<Self> {
        let mut refused = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for port in ports {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                Ok(listener) => {
                    return Ok(Self::Port {
                        address: listener.local_addr()?,
                        listener,
                    });
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    pub(crate) fn address(&self) -> Address<'_> {
        match self {
            #[cfg(unix)]
            Self::Socket { place, .. } => Address::Socket(place.socket()),
            Self::Port { address, .. } => Address::Port(*address),
        }
    }

    /// Removes what it left in the file system; nobody can connect any more.
    pub(crate) fn remove(&self) {
        #[cfg(unix)]
        if let Self::Socket { place, .. } = self {
            place.remove();
        }
    }

    async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            #[cfg(unix)]
            Self::Socket { listener, .. } => Ok(Box::new(listener.accept().await?.0)),
            Self::Port { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                // Without it many calls wait 40 ms for an acknowledgement.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }

    /// Accepts until the returned stream is dropped; with `tls`, only clients that prove who they are come through.
    ///
    /// Each proof is a task of its own: a client that fails it, or says nothing, holds up nobody.
    pub(crate) fn incoming(
        self: Arc<Self>,
        tls: Option<Arc<ServerConfig>>,
    ) -> ReceiverStream<io::Result<Connection>> {
        let (admitted, incoming) = mpsc::channel(1);
        let acceptor = tls.map(TlsAcceptor::from);
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = self.accept() => accepted,
                    () = admitted.closed() => return,
                };
                match accepted {
                    Ok(stream) => drop(tokio::spawn(admit(
                        stream,
                        acceptor.clone(),
                        admitted.clone(),
                    ))),
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        });
        ReceiverStream::new(incoming)
    }
}

async fn admit(
    stream: Box<dyn Stream>,
    acceptor: Option<TlsAcceptor>,
    admitted: mpsc::Sender<io::Result<Connection>>,
) {
    let Some(acceptor) = acceptor else {
        _ = admitted.send(Ok(Connection(stream))).await;
        return;
    };
    match tokio::time::timeout(PROOF_TIMEOUT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => _ = admitted.send(Ok(Connection(Box::new(stream)))).await,
        Ok(Err(error)) => tracing::warn!(%error, "refused a client"),
        Err(_) => tracing::warn!("refused a client that said nothing"),
    }
}

/// A two-way stream of bytes.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A client that was let in.
pub(crate) struct Connection(Box<dyn Stream>);

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}

/// Unix sockets.
#[cfg(unix)]
pub(crate) mod socket {
    use std::fs::{self, DirBuilder};
    use std::io;
    use std::os::unix::fs::DirBuilderExt;
    use std::path::{Path, PathBuf};

    use rand::Rng;
    use rand::distr::Alphanumeric;
    use tokio::net::UnixListener;

    use super::Listener;

    /// The longest path that every unix takes for a socket: macOS has 104 bytes with the final zero, Linux 108.
    const LONGEST_PATH: usize = 103;

    /// Every unix has this one, and its name is short.
    const SHORT_DIRECTORY: &str = "/tmp";

    impl Listener {
        /// Listens on a socket that only this user can reach, in a new directory within `parent` or, if none is given,
        /// within the directory for temporary files.
        pub(crate) fn on_socket(parent: Option<&Path>) -> io::Result<Self> {
            let place = match parent {
                Some(parent) => Place::within(parent)?,
                None => Place::within_first([
                    std::env::temp_dir().as_path(),
                    Path::new(SHORT_DIRECTORY),
                ])?,
            };
            Ok(Self::Socket {
                listener: UnixListener::bind(place.socket())?,
                place,
            })
        }
    }

    /// A directory that nobody else may enter, for one socket. Removed when dropped.
    pub(crate) struct Place {
        directory: PathBuf,
        socket: PathBuf,
    }

    impl Place {
        pub(crate) fn within(parent: &Path) -> io::Result<Self> {
            let name: String = rand::rng()
                .sample_iter(Alphanumeric)
                .take(12)
                .map(char::from)
                .collect();
            if !fits_in_a_line(parent) {
                let problem = format!(
                    "{} has a vertical bar, a line break or bytes that are no text, and the host reads the path from a \
                     line of text in which vertical bars separate",
                    parent.display()
                );
                return Err(io::Error::new(io::ErrorKind::InvalidFilename, problem));
            }
            let directory = parent.join(format!("plugin-{name}"));
            let socket = directory.join("s");
            let length = socket.as_os_str().len();
            if length > LONGEST_PATH {
                let problem = format!(
                    "{} is {length} bytes long; a socket takes {LONGEST_PATH}",
                    socket.display()
                );
                return Err(io::Error::new(io::ErrorKind::InvalidFilename, problem));
            }
            // Fails if it is there already: somebody else's directory is not taken over.
            DirBuilder::new().mode(0o700).create(&directory)?;
            Ok(Self { directory, socket })
        }

        /// A place within the first directory that can have one.
        pub(crate) fn within_first(parents: [&Path; 2]) -> io::Result<Self> {
            let [usual, other] = parents;
            Self::within(usual).or_else(|_| Self::within(other))
        }

        pub(crate) fn socket(&self) -> &Path {
            &self.socket
        }

        pub(crate) fn remove(&self) {
            _ = fs::remove_dir_all(&self.directory);
        }
    }

    /// Can the host read the path from the handshake's line?
    fn fits_in_a_line(path: &Path) -> bool {
        path.to_str()
            .is_some_and(|text| !text.contains(['|', '\n', '\r']))
    }

    impl Drop for Place {
        fn drop(&mut self) {
            self.remove();
        }
    }
}

#[cfg(test)]
mod tests;
