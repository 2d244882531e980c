//! A server that misbehaves on demand, at the level of bytes: one behaviour for each connection, in order.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a connection meets.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// The answer of the script for what was asked.
    Good,
    /// This answer.
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Closed with a reset when the request has arrived, without reading it.
    ResetBefore,
    /// Closed with a reset after the request was read.
    ResetAfter,
    /// The request is read, and nothing follows.
    Silent,
    /// The head promises more body than comes.
    Truncated,
    /// Bytes that are not HTTP.
    Garbage,
    /// The right answer with the connection kept open, and a reset as soon as a second request comes on it.
    OnceThenReset,
    /// A good head, then a byte every 50 milliseconds, without an end.
    SlowDrip,
    /// A good head, then bytes as fast as they go, without an end.
    Endless,
}

/// What happened: the requests that arrived whole, as `METHOD PATH`.
pub type Journal = Arc<Mutex<Vec<String>>>;

/// Gives the status and the body of the right answer to a request, and does what it asks for.
type Script = Arc<dyn Fn(&str) -> (u16, String) + Send + Sync>;

/// A running server. It stops when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub journal: Journal,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Serves `first` to the first connections, one each, and `rest` to all others.
    pub async fn start(
        first: Vec<Behaviour>,
        rest: Behaviour,
        script: impl Fn(&str) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        Self::start_for(|_| true, first, rest, script).await
    }

    /// The same for connections whose first line is meant; all others get the right answer.
    pub async fn start_for(
        meant: impl Fn(&str) -> bool + Send + Sync + 'static,
        first: Vec<Behaviour>,
        rest: Behaviour,
        script: impl Fn(&str) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let meant = Arc::new(meant);
        let script: Script = Arc::new(script);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let journal = Journal::default();
        let seen = Arc::clone(&journal);
        let task = tokio::spawn(async move {
            let first = Arc::new(Mutex::new(first.into_iter()));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let first = Arc::clone(&first);
                let rest = rest.clone();
                let seen = Arc::clone(&seen);
                let (meant, script) = (Arc::clone(&meant), Arc::clone(&script));
                tokio::spawn(async move {
                    let behaviour = match peek_line(&stream).await {
                        Some(line) if !meant(&line) => Behaviour::Good,
                        _ => first.lock().unwrap().next().unwrap_or(rest),
                    };
                    // The client may hang up at any moment: that is part of the game.
                    _ = serve(stream, behaviour, seen, script).await;
                });
            }
        });
        Self {
            address,
            journal,
            task,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests arrived whose line begins with `line`.
    pub fn count(&self, line: &str) -> usize {
        let journal = self.journal.lock().unwrap();
        journal.iter().filter(|seen| seen.starts_with(line)).count()
    }

    /// How many requests arrived that are meant.
    pub fn count_of(&self, meant: impl Fn(&str) -> bool) -> usize {
        let journal = self.journal.lock().unwrap();
        journal.iter().filter(|seen| meant(seen)).count()
    }
}

async fn serve(
    mut stream: TcpStream,
    behaviour: Behaviour,
    journal: Journal,
    script: Script,
) -> std::io::Result<()> {
    if matches!(behaviour, Behaviour::ResetBefore) {
        stream.peek(&mut [0]).await?;
        journal.lock().unwrap().push("unread".to_owned());
        return reset(stream);
    }
    let Some(line) = read_request(&mut stream).await? else {
        return Ok(());
    };
    journal.lock().unwrap().push(line.clone());
    match behaviour {
        Behaviour::OnceThenReset => {
            let (_, body) = script(&line);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
            stream.peek(&mut [0]).await?;
            return reset(stream);
        }
        Behaviour::Good => {
            // IAM gives out tokens in a header.
            let token = ("x-subject-token", "gAAAAABk".to_owned());
            let (status, body) = script(&line);
            answer(&mut stream, status, &[token], &body).await?;
        }
        Behaviour::Answer {
            status,
            headers,
            body,
        } => answer(&mut stream, status, &headers, &body).await?,
        Behaviour::ResetBefore | Behaviour::ResetAfter => return reset(stream),
        Behaviour::Silent => tokio::time::sleep(Duration::from_secs(30)).await,
        Behaviour::Truncated => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"")
                .await?;
        }
        Behaviour::Garbage => stream.write_all(&[0x16, 0x03, 0x01, 0, 7, 9, 9]).await?,
        Behaviour::SlowDrip => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
                .await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Behaviour::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            let chunk = vec![b' '; 1 << 16];
            loop {
                stream.write_all(&chunk).await?;
            }
        }
    }
    stream.shutdown().await
}

/// The first line of a request, which stays unread.
async fn peek_line(stream: &TcpStream) -> Option<String> {
    let mut bytes = [0; 2048];
    loop {
        let length = stream.peek(&mut bytes).await.ok()?;
        if let Some(end) = bytes[..length].windows(2).position(|two| two == b"\r\n") {
            return Some(String::from_utf8_lossy(&bytes[..end]).into_owned());
        }
        if length == 0 || length == bytes.len() {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Closes with RST instead of FIN.
fn reset(stream: TcpStream) -> std::io::Result<()> {
    stream.set_zero_linger()?;
    drop(stream);
    Ok(())
}

async fn answer(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(&'static str, String)],
    body: &str,
) -> std::io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-length: {}\r\nconnection: close\r\nx-request-id: f00dfeedf00dfeedf00dfeedf00dfeed\r\n",
        body.len()
    );
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await
}

/// Reads one request whole; its method and path.
async fn read_request(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    let line = head.lines().next().unwrap_or_default();
    Ok(Some(
        line.rsplit_once(' ')
            .map_or(line, |(line, _)| line)
            .to_owned(),
    ))
}
