#![allow(clippy::unwrap_used)]

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_stream::StreamExt;

use super::*;

fn port_of(listener: &Listener) -> u16 {
    match listener.address() {
        Address::Port(address) => address.port(),
        Address::Socket(path) => panic!("a port, not {path:?}"),
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_passed_over() {
    let taken = Listener::on_port(20000..=29999).await.unwrap();
    let port = port_of(&taken);

    assert!(Listener::on_port(port..=port).await.is_err());
    let next = Listener::on_port(port..=port + 100).await.unwrap();
    assert!(port_of(&next) > port);
}

#[tokio::test]
async fn what_comes_in_on_a_port_can_be_talked_to() {
    let listener = Arc::new(Listener::on_port(20000..=29999).await.unwrap());
    let port = port_of(&listener);
    let mut incoming = listener.incoming(None);

    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .unwrap();
    let mut admitted = incoming.next().await.unwrap().unwrap();
    client.write_all(b"hello").await.unwrap();
    let mut heard = [0; 5];
    admitted.read_exact(&mut heard).await.unwrap();

    assert_eq!(&heard, b"hello");
}

#[cfg(unix)]
#[test]
fn a_directory_that_the_handshakes_line_cannot_name_is_passed_over() {
    use std::os::unix::ffi::OsStrExt;

    let good = tempfile::tempdir().unwrap();
    for name in [&b"with|bar"[..], b"line\nbreak", b"no text \xff"] {
        let odd = good.path().join(std::ffi::OsStr::from_bytes(name));
        std::fs::create_dir(&odd).unwrap();

        assert!(Listener::on_socket(Some(&odd)).is_err(), "{odd:?}");
        let place = socket::Place::within_first([&odd, good.path()]).unwrap();

        assert_eq!(place.socket().parent().unwrap().parent(), Some(good.path()));
        assert_eq!(std::fs::read_dir(&odd).unwrap().count(), 0);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_socket_leaves_nothing_behind() {
    let parent = tempfile::tempdir().unwrap();
    let listener = Listener::on_socket(Some(parent.path())).unwrap();
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);

    drop(listener);

    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
}
