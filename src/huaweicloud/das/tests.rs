#![allow(clippy::unwrap_used)]

use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::huaweicloud::calls::Calls;
use crate::huaweicloud::client::{Client, Settings};
use crate::huaweicloud::credentials::{Credential, Keys};
use crate::huaweicloud::endpoint::{Endpoints, parse_endpoint};
use crate::huaweicloud::error::{Error, SettingsProblem};
use crate::huaweicloud::iam;
use crate::huaweicloud::operation::Operation;
use crate::huaweicloud::tests::answered;

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
    let calls = Calls {
        client: &client,
        region: "la-south-2",
        operation: &operation,
        leave_before: None,
    };
    let page = postgresql::processes(calls, &instance, None, (1, 100));

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

#[test]
fn a_kill_is_believed_unless_its_answer_reports_an_error() {
    for body in [
        "",
        "\n",
        r#""""#,
        "{}",
        r#"{"count": 2}"#,
        r#"{"count": ""}"#,
        r#"{"success": true, "error_code": null}"#,
    ] {
        assert!(read_outcome(&answered(body)).is_ok(), "{body}");
    }
    for (body, code) in [
        (
            r#"{"error_code": "DAS.1", "error_msg": "no"}"#,
            Some("DAS.1"),
        ),
        (
            r#"{"errCode": "DAS.1", "externalMessage": "no"}"#,
            Some("DAS.1"),
        ),
        (r#"{"errorCode": 7, "errorMsg": "no"}"#, Some("7")),
        (r#"{"success": false}"#, None),
        (r#"{"success": "false", "count": 0}"#, None),
    ] {
        let error = read_outcome(&answered(body)).unwrap_err();
        assert_eq!(error.api().unwrap().code.as_deref(), code, "{body}");
        assert_eq!(error.request_id(), Some("r-1"));
    }
    for body in [r#""OK""#, "OK", "[]", "<html></html>", r#"{"count": 1"#] {
        let error = read_outcome(&answered(body));
        assert!(matches!(error, Err(Error::Unreadable { .. })), "{body}");
    }
}
