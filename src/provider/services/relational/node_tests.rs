//! Of the sessions of a node, a kill of RDS reaches those of the node that its requests are about.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use hwc_sandbox::{NodeMapping, Options, Ready, Sandbox};
use serde_json::json;
use tf_provider::Diagnostics;
use tokio_util::sync::CancellationToken;

use crate::huaweicloud::client::{Client, Settings};
use crate::huaweicloud::credentials::{Credential, Keys};
use crate::huaweicloud::das;
use crate::huaweicloud::endpoint::{Endpoints, parse_endpoint};
use crate::huaweicloud::error::Error;
use crate::huaweicloud::operation::Operation;
use crate::provider::listing::Listing;
use crate::provider::record::Record;
use crate::provider::service::{Calls, Purpose, Scope};
use crate::provider::services::named;

/// The ID of an instance or a node that ends so.
fn id(first: char, ending: &str) -> String {
    format!("{}{ending}", first.to_string().repeat(32))
}

/// An instance of each service with two nodes, of which the first is the primary.
async fn cloud() -> Sandbox {
    let nodes = |number: &str| {
        let node = |first, sessions| {
            NodeMapping::simulated(
                &id('a', &format!("in{number}")),
                &id(first, &format!("no{number}")),
                sessions,
            )
        };
        vec![node('b', 5), node('c', 9)]
    };
    let mut options = Options::default();
    options.services.rds_mysql.nodes = nodes("01");
    options.services.rds_postgresql.nodes = nodes("03");
    Sandbox::start(options).await.unwrap()
}

fn client(ready: &Ready) -> Client {
    let mut endpoints = Endpoints::default();
    endpoints.set(&das::API, parse_endpoint(&ready.url).unwrap());
    let settings = Settings {
        endpoints,
        region: Some(ready.region.clone()),
        project_id: Some(ready.project_id.clone()),
        ..Settings::default()
    };
    let keys = Keys {
        access_key: ready.access_key.clone(),
        secret_key: ready.secret_key.clone().into(),
        security_token: None,
    };
    Client::new(settings, Box::new(Credential::Keys(keys)))
}

async fn list(
    cloud: &Sandbox,
    (service, number): (&str, &str),
    node: Option<char>,
    choosing: bool,
) -> Result<Listing, Error> {
    let ready = cloud.ready();
    let account = ready
        .nodes
        .iter()
        .find_map(|node| node.database_user_id.clone());
    let place = json!({
        "instance_id": id('a', &format!("in{number}")),
        "node_id": node.map(|first| id(first, &format!("no{number}"))),
        "database_user_id": account,
    });
    let mut diags = Diagnostics::default();
    let arguments = Record::of_json(place);
    let service = named(service).unwrap();
    let place = (service.open)(&mut diags, &arguments, Purpose::Kill);
    let client = client(ready);
    let limit = Duration::from_secs(60);
    let operation = Operation::new(client.clock(), limit, CancellationToken::new());
    let calls = Calls {
        client: &client,
        region: &ready.region,
        operation: &operation,
        leave_before: None,
    };
    let scope = Scope {
        choosing,
        nodes: None,
        seen: &BTreeMap::new(),
        statements: false,
        blockers: false,
        questions: &Vec::new,
    };
    place.unwrap().list(calls, scope).await
}

#[tokio::test]
async fn sessions_of_a_node_are_listed_and_killed_only_where_a_kill_reaches_them() {
    let cloud = cloud().await;
    for service in [("rds_mysql", "01"), ("rds_postgresql", "03")] {
        let listed = |node, choosing| list(&cloud, service, node, choosing);
        let nameable = |listing: Listing| {
            let sessions = listing.sessions.iter();
            sessions
                .filter(|session| session.unnameable.is_none())
                .count()
        };
        let number = listed(None, true).await.unwrap();
        let of_primary = nameable(number);
        assert!(of_primary > 0, "{service:?}");

        let primary = listed(Some('b'), true).await.unwrap();
        assert_eq!(nameable(primary), of_primary, "{service:?}");

        let replica = listed(Some('c'), false).await.unwrap();
        assert!(nameable(replica) > of_primary, "{service:?}");
        let error = listed(Some('c'), true).await.unwrap_err();
        assert!(
            matches!(&error, Error::Listing(text) if text.contains(&id('c', &format!("no{}", service.1)))),
            "{error:?}"
        );
    }
}
