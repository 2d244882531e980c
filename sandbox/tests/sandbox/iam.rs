use hwc_sandbox::{Options, Ready};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestCloud, quick, start};

/// A call in the project that is answered 404 to whoever may make it.
async fn call_with_headers(client: &Client, headers: &[(&str, String)]) -> Answer {
    client
        .send_unsigned(Method::GET, &client.dcs("/jobs/none"), headers, "")
        .await
        .unwrap()
}

async fn open(client: &Client, path: &str, headers: &[(&str, String)], body: &Value) -> Answer {
    client
        .send_unsigned(Method::POST, path, headers, &body.to_string())
        .await
        .unwrap()
}

fn with_credential(client: &Client, credential: &Value, names: [&str; 3]) -> Client {
    let [access_key, secret_key, security_token] =
        names.map(|name| credential[name].as_str().unwrap().to_owned());
    Client {
        access_key,
        secret_key,
        security_token: Some(security_token),
        ..client.clone()
    }
}

const KEYSTONE_NAMES: [&str; 3] = ["access", "secret", "securitytoken"];

fn password_body(ready: &Ready, password: &str, scope: Value) -> Value {
    json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": ready.user_name, "password": password, "domain": {"name": ready.domain_name},
        }}},
        "scope": scope,
    }})
}

fn assume_body(agency: &str, domain: Value, seconds: u64) -> Value {
    let mut role = json!({"agency_name": agency, "duration_seconds": seconds});
    role.as_object_mut()
        .unwrap()
        .extend(domain.as_object().unwrap().clone());
    json!({"auth": {"identity": {"methods": ["assume_role"], "assume_role": role}}})
}

#[tokio::test]
async fn the_project_bears_the_name_of_its_region() {
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(quick()).await;
    let found = client
        .get("/v3/projects?name=cn-north-4")
        .await
        .assert_ok()
        .json();
    assert_eq!(found["projects"][0]["id"], client.ready.project_id);
    assert_eq!(
        client.get("/v3/projects").await.assert_ok().json()["projects"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let other = client
        .get("/v3/projects?name=elsewhere")
        .await
        .assert_ok()
        .json();
    assert_eq!(other["projects"], json!([]));

    let reachable = client.get("/v3/auth/projects").await.assert_ok().json();
    assert_eq!(reachable["projects"], found["projects"]);

    let wrong = Client {
        secret_key: "wrong".to_owned(),
        ..client
    };
    for path in ["/v3/projects", "/v3/auth/projects"] {
        wrong.get(path).await.assert_error(401, "APIGW.0301");
    }
}

#[tokio::test]
async fn a_password_gives_a_token_for_its_scope() {
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(quick()).await;
    let ready = client.ready.clone();
    let login = async |scope| {
        let answer = open(
            &client,
            "/v3/auth/tokens",
            &[],
            &password_body(&ready, &ready.user_password, scope),
        )
        .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert!(
            answer.json()["token"]["expires_at"]
                .as_str()
                .unwrap()
                .ends_with('Z')
        );
        [(
            "x-auth-token",
            answer.headers["x-subject-token"]
                .to_str()
                .unwrap()
                .to_owned(),
        )]
    };

    for project in [
        json!({"name": ready.region}),
        json!({"id": ready.project_id}),
    ] {
        let token = login(json!({"project": project})).await;
        call_with_headers(&client, &token)
            .await
            .assert_error(400, "DCS.4070");
    }
    let token = login(json!({"domain": {"name": ready.domain_name}})).await;
    call_with_headers(&client, &token)
        .await
        .assert_error(403, "APIGW.0302");
}

#[tokio::test]
async fn a_wrong_password_user_domain_or_project_is_refused() {
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(quick()).await;
    let ready = client.ready.clone();
    let right = || {
        password_body(
            &ready,
            &ready.user_password,
            json!({"project": {"name": ready.region}}),
        )
    };
    let mut cases = vec![password_body(
        &ready,
        "wrong",
        json!({"project": {"name": ready.region}}),
    )];
    cases.push(password_body(
        &ready,
        &ready.user_password,
        json!({"project": {"name": "elsewhere"}}),
    ));
    for (field, value) in [
        ("name", json!("nobody")),
        ("domain", json!({"name": "elsewhere"})),
    ] {
        let mut body = right();
        body["auth"]["identity"]["password"]["user"][field] = value;
        cases.push(body);
    }
    for body in cases {
        let answer = open(&client, "/v3/auth/tokens", &[], &body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]["code"]),
            (401, &json!(401)),
            "{answer:?}"
        );
        assert!(!answer.text.contains(&ready.user_password));
    }
    assert_eq!(
        open(&client, "/v3/auth/tokens", &[], &json!({"auth": {}}))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn an_assumed_agency_gives_credentials_that_need_their_security_token() {
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(quick()).await;
    let ready = client.ready.clone();
    for domain in [
        json!({"domain_name": ready.domain_name}),
        json!({"domain_id": ready.domain_id}),
    ] {
        let body = assume_body(&ready.agency_name, domain, 900);
        let answer = client
            .post("/v3.0/OS-CREDENTIAL/securitytokens", &body)
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let assumed = with_credential(&client, &answer.json()["credential"], KEYSTONE_NAMES);
        assumed
            .get(&client.dcs("/jobs/none"))
            .await
            .assert_error(400, "DCS.4070");

        for security_token in [None, Some("wrong".to_owned())] {
            let without = Client {
                security_token,
                ..assumed.clone()
            };
            without
                .get(&client.dcs("/jobs/none"))
                .await
                .assert_error(401, "APIGW.0301");
        }
        // A chain: the assumed agency assumes again.
        let again = assume_body(
            &ready.agency_name,
            json!({"domain_id": ready.domain_id}),
            900,
        );
        assert_eq!(
            assumed
                .post("/v3.0/OS-CREDENTIAL/securitytokens", &again)
                .await
                .status,
            201
        );
    }
}

#[tokio::test]
async fn an_agency_is_assumed_only_by_a_known_caller_and_with_sense() {
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(quick()).await;
    let ready = client.ready.clone();
    let path = "/v3.0/OS-CREDENTIAL/securitytokens";
    let domain = || json!({"domain_id": ready.domain_id});
    let unsigned = open(
        &client,
        path,
        &[],
        &assume_body(&ready.agency_name, domain(), 900),
    )
    .await;
    unsigned.assert_error(401, "APIGW.0301");
    let cases = [
        (assume_body("elsewhere", domain(), 900), 404),
        (
            assume_body(&ready.agency_name, json!({"domain_id": "elsewhere"}), 900),
            404,
        ),
        (assume_body(&ready.agency_name, json!({}), 900), 400),
        (assume_body(&ready.agency_name, domain(), 899), 400),
        (assume_body(&ready.agency_name, domain(), 86_401), 400),
        (json!({"auth": {"identity": {"methods": ["guess"]}}}), 400),
        (json!({}), 400),
    ];
    for (body, status) in cases {
        assert_eq!(
            client.post(path, &body).await.status.as_u16(),
            status,
            "{body}"
        );
    }
}

#[tokio::test]
async fn sts_gives_credentials_for_an_agency_by_its_urn() {
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(quick()).await;
    let ready = client.ready.clone();
    let urn = format!("iam::{}:agency:{}", ready.domain_id, ready.agency_name);
    let body =
        json!({"agency_urn": urn, "agency_session_name": "rehearsal", "duration_seconds": 900});
    let answer = client
        .post("/v5/agencies/assume", &body)
        .await
        .assert_ok()
        .json();
    let names = ["access_key_id", "secret_access_key", "security_token"];
    let assumed = with_credential(&client, &answer["credentials"], names);
    assumed
        .get(&client.dcs("/jobs/none"))
        .await
        .assert_error(400, "DCS.4070");
    assert!(answer["credentials"]["expiration"].is_string());

    let cases = [
        (
            json!({"agency_urn": "iam::other:agency:name", "agency_session_name": "rehearsal"}),
            404,
            "STS5.1106",
        ),
        (
            json!({"agency_urn": urn, "agency_session_name": ""}),
            400,
            "STS5.1002",
        ),
        (
            json!({"agency_urn": urn, "agency_session_name": "rehearsal", "duration_seconds": 43_201}),
            400,
            "STS5.1002",
        ),
        (
            json!({"agency_urn": urn, "agency_session_name": "r"}),
            400,
            "STS5.1002",
        ),
        (json!({"agency_urn": urn}), 400, "STS5.1002"),
    ];
    for (body, status, code) in cases {
        client
            .post("/v5/agencies/assume", &body)
            .await
            .assert_error(status, code);
    }
    open(&client, "/v5/agencies/assume", &[], &body)
        .await
        .assert_error(401, "APIGW.0301");

    // A chain: keys that are temporary themselves get no more than an hour.
    for (seconds, status) in [(3600, 200), (3601, 400)] {
        let body = json!({"agency_urn": urn, "agency_session_name": "rehearsal", "duration_seconds": seconds});
        let answer = assumed.post("/v5/agencies/assume", &body).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

#[tokio::test]
async fn an_id_token_is_traded_for_a_token_and_that_for_credentials() {
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(quick()).await;
    let ready = client.ready.clone();
    let path = "/v3.0/OS-AUTH/id-token/tokens";
    let idp = [("x-idp-id", ready.idp_id.clone())];
    let body = |id_token: &str| json!({"auth": {"id_token": {"id": id_token}}});
    let answer = open(&client, path, &idp, &body(&ready.id_token)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let token = answer.headers["x-subject-token"]
        .to_str()
        .unwrap()
        .to_owned();
    call_with_headers(&client, &[("x-auth-token", token.clone())])
        .await
        .assert_error(403, "APIGW.0302");

    let trade = |token: &str| json!({"auth": {"identity": {"methods": ["token"], "token": {"id": token, "duration_seconds": 900}}}});
    let answer = open(
        &client,
        "/v3.0/OS-CREDENTIAL/securitytokens",
        &[],
        &trade(&token),
    )
    .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let federated = with_credential(&client, &answer.json()["credential"], KEYSTONE_NAMES);
    federated
        .get(&client.dcs("/jobs/none"))
        .await
        .assert_error(400, "DCS.4070");

    let wrong_token = open(
        &client,
        "/v3.0/OS-CREDENTIAL/securitytokens",
        &[],
        &trade("wrong"),
    )
    .await;
    wrong_token.assert_error(401, "APIGW.0301");
    assert_eq!(open(&client, path, &idp, &body("wrong")).await.status, 401);
    assert_eq!(
        open(&client, path, &[], &body(&ready.id_token))
            .await
            .status,
        404
    );
    assert_eq!(open(&client, path, &idp, &json!({})).await.status, 400);
}

#[tokio::test]
async fn the_metadata_service_gives_credentials_with_or_without_a_token_but_not_with_a_wrong_one() {
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(quick()).await;
    let metadata = async |method: Method, path: &str, headers: &[(&str, String)]| {
        client
            .send_unsigned(method, path, headers, "")
            .await
            .unwrap()
    };
    let (token_path, key_path) = (
        "/meta-data/latest/api/token",
        "/openstack/latest/securitykey",
    );
    let ttl = [("x-metadata-token-ttl-seconds", "21600".to_owned())];
    let token = metadata(Method::PUT, token_path, &ttl)
        .await
        .assert_ok()
        .text;

    for headers in [vec![], vec![("x-metadata-token", token)]] {
        let answer = metadata(Method::GET, key_path, &headers)
            .await
            .assert_ok()
            .json();
        let agency = with_credential(&client, &answer["credential"], KEYSTONE_NAMES);
        agency
            .get(&client.dcs("/jobs/none"))
            .await
            .assert_error(400, "DCS.4070");
    }
    let wrong = [("x-metadata-token", "wrong".to_owned())];
    assert_eq!(metadata(Method::GET, key_path, &wrong).await.status, 401);
    for ttl in ["0", "21601", "long"] {
        let headers = [("x-metadata-token-ttl-seconds", ttl.to_owned())];
        assert_eq!(
            metadata(Method::PUT, token_path, &headers).await.status,
            400
        );
    }
}

#[tokio::test]
async fn temporary_credentials_and_tokens_expire() {
    let options = Options {
        credential_lifetime: std::time::Duration::from_millis(1),
        ..quick()
    };
    let TestCloud {
        sandbox: _sandbox,
        client,
    } = start(options).await;
    let ready = client.ready.clone();
    let body = assume_body(
        &ready.agency_name,
        json!({"domain_id": ready.domain_id}),
        900,
    );
    let answer = client
        .post("/v3.0/OS-CREDENTIAL/securitytokens", &body)
        .await
        .assert_ok();
    let assumed = with_credential(&client, &answer.json()["credential"], KEYSTONE_NAMES);
    let scope = json!({"project": {"name": ready.region}});
    let login = open(
        &client,
        "/v3/auth/tokens",
        &[],
        &password_body(&ready, &ready.user_password, scope),
    )
    .await;
    let token = login.headers["x-subject-token"]
        .to_str()
        .unwrap()
        .to_owned();

    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    assumed
        .get(&client.dcs("/jobs/none"))
        .await
        .assert_error(401, "APIGW.0301");
    call_with_headers(&client, &[("x-auth-token", token)])
        .await
        .assert_error(401, "APIGW.0307");
}
