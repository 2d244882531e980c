//! Proxies by the usual variables.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::engines;
use crate::support::sandbox::{DCS_INSTANCE, DCS_NODES, Sandbox};
use crate::support::wait;
use crate::support::workspace::Workspace;

/// A cloud that nobody but the proxy finds.
const CLOUD: &str = "http://dcs.cloud.test";

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
                let text = text.replacen(CLOUD, "", 1);
                server.write_all(text.as_bytes()).await.unwrap();
                _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (url, count)
}

fn sandbox() -> Sandbox {
    let node = format!("{DCS_INSTANCE}/{}=simulated:3", DCS_NODES[0]);
    Sandbox::builder().option("--dcs-node", &node).start()
}

fn kill() -> String {
    format!(
        "resource \"hwc_dcs_session_kill\" \"test\" {{\n  instance_id = {DCS_INSTANCE:?}\n  node_id = {:?}\n  wait_for_completion = false\n}}\n",
        DCS_NODES[0]
    )
}

#[test]
fn proxies_are_taken_from_the_usual_variables_except_for_hosts_in_no_proxy() {
    for (no_proxy, passes) in [("", true), ("cloud.test", false), ("example.com", true)] {
        let sandbox = sandbox();
        let (url, count) = wait(proxy(sandbox.url()));
        let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &kill())
            .with_variable("HTTP_PROXY", &url)
            .with_variable("NO_PROXY", no_proxy)
            .with_variable("HW_MAX_RETRIES", "0");
        workspace.edit(sandbox.url(), CLOUD);

        let run = workspace.apply();

        let run = if passes {
            run.succeeded()
        } else {
            run.failed()
        };
        assert_eq!(count.load(Ordering::SeqCst) > 0, passes, "{no_proxy:?}");
        let kills = sandbox.calls_to("/clients/kill-all").len();
        assert_eq!(kills, usize::from(passes), "{no_proxy:?}: {run:?}");
    }
}

#[test]
fn a_cloud_on_this_machine_needs_no_proxy() {
    let sandbox = sandbox();
    let (url, count) = wait(proxy(sandbox.url()));
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &kill())
        .with_variable("HTTP_PROXY", &url)
        .with_variable("http_proxy", &url)
        .with_variable("ALL_PROXY", "not a proxy");

    workspace.apply().succeeded();

    assert_eq!(count.load(Ordering::SeqCst), 0);
    assert_eq!(sandbox.calls_to("/clients/kill-all").len(), 1);
}

#[test]
fn a_proxy_variable_that_is_no_url_is_named_and_nothing_goes_out_without_a_proxy() {
    let sandbox = sandbox();
    let workspace = Workspace::new(engines::newest_terraform(), &sandbox, &kill())
        .with_variable("HTTP_PROXY", "http://ops:s3cret@:port");
    workspace.edit(sandbox.url(), CLOUD);

    let run = workspace
        .apply()
        .failed()
        .saying(&["No session was killed", "HTTP_PROXY"]);

    assert!(!run.text().contains("s3cret"), "{run:?}");
    assert!(workspace.resources().is_empty());
}
