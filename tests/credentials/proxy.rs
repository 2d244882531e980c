//! Proxies by the usual variables.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::engines;
use crate::support::sandbox::{DCS_INSTANCE, DCS_NODES, Sandbox};
use crate::support::wait;
use crate::support::workspace::Workspace;

/// An HTTP proxy that passes everything on to one server, whatever host is asked for, and counts its connections.
async fn proxy(target: &str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let target = target.trim_start_matches("http://").to_owned();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let target = target.clone();
            tokio::spawn(async move {
                let mut server = TcpStream::connect(&target).await.unwrap();
                let mut first = vec![0; 4096];
                let length = client.read(&mut first).await.unwrap_or(0);
                let text = String::from_utf8_lossy(&first[..length]).into_owned();
                // A request to a proxy has the whole URL in its first line; a server gets the path.
                let text = text.replacen(&format!("http://{target}"), "", 1);
                server.write_all(text.as_bytes()).await.unwrap();
                _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (url, count)
}

#[test]
fn proxies_are_taken_from_the_usual_variables_except_for_hosts_in_no_proxy() {
    for (no_proxy, passes) in [("", true), ("127.0.0.1", false), ("example.com", true)] {
        let node = format!("{DCS_INSTANCE}/{}=simulated:3", DCS_NODES[0]);
        let sandbox = Sandbox::builder().option("--dcs-node", &node).start();
        let (url, count) = wait(proxy(sandbox.url()));
        let kill = format!(
            "resource \"hwc_dcs_session_kill\" \"test\" {{\n  instance_id = {DCS_INSTANCE:?}\n  node_id = {:?}\n  wait_for_completion = false\n}}\n",
            DCS_NODES[0]
        );
        let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &kill)
            .with_variable("HTTP_PROXY", &url)
            .with_variable("NO_PROXY", no_proxy);

        workspace.apply().succeeded();

        assert_eq!(count.load(Ordering::SeqCst) > 0, passes, "{no_proxy:?}");
        assert_eq!(sandbox.calls_to("/clients/kill-all").len(), 1);
    }
}
