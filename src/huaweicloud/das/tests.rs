#![allow(clippy::unwrap_used)]

use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::huaweicloud::client::Settings;
use crate::huaweicloud::credentials::{Credential, Keys};
use crate::huaweicloud::endpoint::{Endpoints, parse_endpoint};
use crate::huaweicloud::error::{Error, SettingsProblem};
use crate::huaweicloud::iam;
use crate::huaweicloud::operation::Operation;

#[tokio::test]
async fn where_das_has_no_host_no_project_is_looked_up() {
    let mut endpoints = Endpoints::default();
    // Nobody answers there: a look-up would end in another error.
    endpoints.set(&iam::API, parse_endpoint("http://127.0.0.1:1").unwrap());
    let settings = Settings {
        endpoints,
        ..Settings::default()
    };
    let keys = Credential::Keys(Keys {
        access_key: "AK".to_owned(),
        secret_key: SecretString::from("SK"),
        security_token: None,
    });
    let client = Client::new(settings, Box::new(keys));
    let limit = Duration::from_secs(60);
    let operation = Operation::new(client.clock(), limit, CancellationToken::new());

    let instance = "da304cd5bbb944de828759bc7be3d3fein03".parse().unwrap();
    let das = Das::new(&client, "la-south-2");
    let page = das.postgresql_processes(&instance, None, 1, 100, &operation);

    let error = page.await.unwrap_err();
    let problem = SettingsProblem::NoEndpoint {
        api: "das",
        region: "la-south-2".to_owned(),
    };
    assert!(
        matches!(&error, Error::Settings(found) if *found == problem),
        "{error:?}"
    );
}
