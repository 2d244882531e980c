//! Every source, against a cloud that checks what it gets.

use secrecy::ExposeSecret;
use terraform_provider_hwc::huaweicloud::credentials::assume_role::{AgencyDomain, Role};
use terraform_provider_hwc::huaweicloud::credentials::chain::{Inputs, SignIn};
use terraform_provider_hwc::huaweicloud::error::Error;

use crate::cloud::{Cloud, nothing};

const PASSWORD: &str = "POST /v3/auth/tokens";
const ID_TOKEN: &str = "POST /v3.0/OS-AUTH/id-token/tokens";
const SECURITY_TOKEN: &str = "POST /v3.0/OS-CREDENTIAL/securitytokens";
const ASSUME: &str = "POST /v5/agencies/assume";

fn user(cloud: &Cloud) -> Inputs {
    Inputs {
        user_name: Some(cloud.ready().user_name.clone()),
        password: Some(cloud.ready().user_password.as_str().into()),
        ..Inputs::default()
    }
}

fn oidc(cloud: &Cloud) -> Inputs {
    Inputs {
        idp_id: Some(cloud.ready().idp_id.clone()),
        id_token: Some(cloud.ready().id_token.as_str().into()),
        ..Inputs::default()
    }
}

fn role(cloud: &Cloud, domain: AgencyDomain) -> Role {
    Role {
        agency: cloud.ready().agency_name.clone(),
        domain,
        duration: Some(900),
    }
}

#[tokio::test]
async fn every_source_signs_in_with_the_calls_that_it_needs_and_no_more() {
    let cloud = Cloud::start().await;
    let by_name = role(
        &cloud,
        AgencyDomain::Name(cloud.ready().domain_name.clone()),
    );
    let by_id = role(&cloud, AgencyDomain::Id(cloud.ready().domain_id.clone()));
    let folder = tempfile::tempdir().unwrap();
    let id_token_file = folder.path().join("id-token");
    std::fs::write(&id_token_file, format!("{}\n", cloud.ready().id_token)).unwrap();
    let keys = SignIn {
        variables: cloud.keys(),
        ..nothing()
    };

    let table: Vec<(&str, SignIn, Vec<&str>)> = vec![
        ("keys", keys.clone(), vec![]),
        (
            "a user by name, with its account's name",
            SignIn {
                variables: user(&cloud),
                domain_name: Some(cloud.ready().domain_name.clone()),
                ..nothing()
            },
            vec![PASSWORD],
        ),
        (
            "a user by name, with its account's id",
            SignIn {
                variables: user(&cloud),
                domain_id: Some(cloud.ready().domain_id.clone()),
                ..nothing()
            },
            vec![PASSWORD],
        ),
        (
            "a user by id",
            SignIn {
                variables: Inputs {
                    user_id: Some(cloud.ready().user_id.clone()),
                    ..user(&cloud)
                },
                ..nothing()
            },
            vec![PASSWORD],
        ),
        (
            "an id token",
            SignIn {
                variables: oidc(&cloud),
                ..nothing()
            },
            vec![ID_TOKEN, SECURITY_TOKEN],
        ),
        (
            "an id token in a file",
            SignIn {
                variables: Inputs {
                    id_token: None,
                    id_token_file: id_token_file.to_str().map(str::to_owned),
                    ..oidc(&cloud)
                },
                ..nothing()
            },
            vec![ID_TOKEN, SECURITY_TOKEN],
        ),
        (
            "an agency by its account's name",
            SignIn {
                roles: Ok(vec![by_name.clone()]),
                ..keys.clone()
            },
            vec![SECURITY_TOKEN],
        ),
        (
            "an agency by its account's id",
            SignIn {
                roles: Ok(vec![by_id.clone()]),
                ..keys.clone()
            },
            vec![ASSUME],
        ),
        (
            "a chain of agencies",
            SignIn {
                roles: Ok(vec![by_name.clone(), by_id.clone()]),
                ..keys.clone()
            },
            vec![SECURITY_TOKEN, ASSUME],
        ),
        (
            "an agency, with an id token",
            SignIn {
                variables: oidc(&cloud),
                roles: Ok(vec![by_id]),
                ..nothing()
            },
            vec![ID_TOKEN, SECURITY_TOKEN, ASSUME],
        ),
        (
            "an agency, with a password",
            SignIn {
                variables: user(&cloud),
                domain_name: Some(cloud.ready().domain_name.clone()),
                roles: Ok(vec![by_name]),
                ..nothing()
            },
            vec![PASSWORD, SECURITY_TOKEN],
        ),
    ];
    for (name, sign_in, calls) in table {
        let before = cloud.sign_ins().await.len();
        let client = cloud.client(&sign_in);
        // Nothing is fetched before the first call, and nothing twice.
        assert_eq!(cloud.sign_ins().await.len(), before, "{name}");
        for _ in 0..3 {
            cloud
                .call(&client)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert_eq!(cloud.sign_ins().await[before..], calls, "{name}");
    }
}

#[tokio::test]
async fn a_profile_signs_in_and_assumes_its_agency() {
    let cloud = Cloud::start().await;
    let ready = cloud.ready();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    let text = serde_json::json!({
        "current": "other",
        "authEncrypt": "false",
        "profiles": [{
            "name": "agency", "mode": "AKSK", "accessKeyId": ready.access_key, "secretAccessKey": ready.secret_key,
            "agencyName": ready.agency_name, "agencyDomainName": ready.domain_name,
        }],
    });
    std::fs::write(&file, text.to_string()).unwrap();
    let sign_in = SignIn {
        variables: Inputs {
            shared_config_file: file.to_str().map(str::to_owned),
            profile: Some("agency".to_owned()),
            ..Inputs::default()
        },
        ..nothing()
    };

    cloud.call(&cloud.client(&sign_in)).await.unwrap();

    assert_eq!(cloud.sign_ins().await, [SECURITY_TOKEN]);
}

#[tokio::test]
async fn what_the_cloud_refuses_is_told_with_what_to_check_and_without_a_secret() {
    let cloud = Cloud::start().await;
    let secret = "hunter2-never-print-me";
    let wrong_agency = Role {
        agency: "nobody".to_owned(),
        domain: AgencyDomain::Name(cloud.ready().domain_name.clone()),
        duration: None,
    };
    for (sign_in, status, how) in [
        (
            SignIn {
                variables: Inputs {
                    password: Some(secret.into()),
                    ..user(&cloud)
                },
                domain_name: Some(cloud.ready().domain_name.clone()),
                ..nothing()
            },
            401,
            "with the password of user \"sandbox-user\"",
        ),
        (
            SignIn {
                variables: Inputs {
                    id_token: Some(secret.into()),
                    ..oidc(&cloud)
                },
                ..nothing()
            },
            401,
            "with the ID token for identity provider \"sandbox-idp\"",
        ),
        (
            SignIn {
                variables: cloud.keys(),
                roles: Ok(vec![wrong_agency]),
                ..nothing()
            },
            404,
            "as the agency \"nobody\"",
        ),
    ] {
        let error = cloud.call(&cloud.client(&sign_in)).await.unwrap_err();
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains(secret), "{printed}");
        let Error::SignIn { method, error } = error else {
            panic!("{error:?}");
        };
        assert!(method.to_string().starts_with(how), "{method}");
        assert_eq!(error.api().map(|answer| answer.status), Some(status));
    }
}

#[tokio::test]
async fn a_token_is_fetched_for_each_region_and_its_project() {
    let cloud = Cloud::start().await;
    let sign_in = SignIn {
        variables: user(&cloud),
        domain_name: Some(cloud.ready().domain_name.clone()),
        ..nothing()
    };
    let client = cloud.client(&sign_in);

    cloud.call(&client).await.unwrap();
    // The sandbox has one project, so there is none to sign in to in another region.
    let operation = terraform_provider_hwc::huaweicloud::operation::Operation::new(
        client.clock(),
        std::time::Duration::from_secs(20),
        tokio_util::sync::CancellationToken::new(),
    );
    let error = client.project_id("xx-new-1", &operation).await.unwrap_err();

    assert!(matches!(error, Error::SignIn { .. }), "{error:?}");
    assert_eq!(cloud.sign_ins().await, [PASSWORD, PASSWORD]);
}

#[tokio::test]
async fn a_token_that_was_given_is_used_as_it_is() {
    let cloud = Cloud::start().await;
    let ready = cloud.ready();
    let answer = reqwest::Client::new()
        .post(format!("{}/v3/auth/tokens", ready.url))
        .json(&serde_json::json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {"id": ready.user_id, "password": ready.user_password}}},
            "scope": {"project": {"id": ready.project_id}},
        }}))
        .send()
        .await
        .unwrap();
    let token = answer.headers()["x-subject-token"].to_str().unwrap();
    let sign_in = SignIn {
        variables: Inputs {
            token: Some(token.into()),
            ..cloud.keys()
        },
        ..nothing()
    };

    cloud.call(&cloud.client(&sign_in)).await.unwrap();

    assert_eq!(cloud.sign_ins().await, [PASSWORD]);
    assert_eq!(sign_in.variables.token.unwrap().expose_secret(), token);
}
