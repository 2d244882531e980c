#![allow(clippy::unwrap_used)]

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;
use tf_provider::value::Value;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::huaweicloud::client::{Client, Settings};
use crate::huaweicloud::credentials::chain::{Chosen, Place, Source};
use crate::huaweicloud::credentials::{Credential, ForCall, Missing};
use crate::huaweicloud::error::Error;
use crate::huaweicloud::operation::Operation;
use crate::provider::provider_block::tests::{block, lookup};

/// `a=1, b=2` as pairs.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    let pairs = text.split(", ").filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap()).collect()
}

/// Signs in by arguments (`token=T, assume_role.agency_name=a`) and variables (`HW_AUTH_TOKEN=T`).
fn choose(arguments: &str, variables: &str) -> Chosen {
    let mut written = json!({});
    for (name, text) in pairs(arguments) {
        match name.split_once('.') {
            Some((name, argument)) => written[name] = json!([{argument: text}]),
            None => written[name] = json!(text),
        }
    }
    let variables = pairs(variables);
    let lookup = lookup(&variables);
    let sign_in = sign_in(&block(written), Environment(&lookup)).unwrap();
    sign_in.choose()
}

/// The credential in words, for sources that have it without asking anybody; else the error.
fn credential(chosen: &Chosen) -> String {
    let client = Client::new(Settings::default(), Box::new(Missing(String::new())));
    let operation = Operation::new(
        client.clock(),
        Duration::from_secs(10),
        CancellationToken::new(),
    );
    let call = ForCall {
        client: &client,
        region: "cn-north-4",
        operation: &operation,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    match runtime.block_on(chosen.credentials.credential(call)) {
        Ok(Credential::Token(token)) => format!("token {}", token.expose_secret()),
        Ok(Credential::Keys(keys)) => {
            let parts = [
                Some(keys.access_key.as_str()),
                Some(keys.secret_key.expose_secret()),
                keys.security_token
                    .as_ref()
                    .map(|token| token.expose_secret()),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join("/")
        }
        Ok(Credential::None) => "nothing".to_owned(),
        Err(Error::Credentials(text)) => text,
        Err(error) => panic!("{error}"),
    }
}

const FILE: &str = r#"{
    "current": "keys",
    "authEncrypt": "false",
    "profiles": [
        {"name": "keys", "mode": "AKSK", "accessKeyId": "fileAK", "secretAccessKey": "fileSK", "securityToken": "",
         "region": "cn-east-3", "projectId": "p"},
        {"name": "temporary", "mode": "AKSK", "accessKeyId": "fileAK", "secretAccessKey": "fileSK", "securityToken": "fileST"},
        {"name": "sso", "mode": "SSO",
         "ssoAuth": {"stsToken": {"accessKeyId": "ssoAK", "secretAccessKey": "ssoSK", "securityToken": "ssoST"}}},
        {"name": "nobody", "mode": "SSO"},
        {"name": "machine", "mode": "ecsAgency"},
        {"name": "future", "mode": "Telepathy"},
        {"name": "empty", "mode": "AKSK"}
    ]
}"#;

fn file_with(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn the_first_source_that_is_given_is_taken_from_the_first_place_that_gives_any() {
    use Place::{Arguments, Nowhere, SdkFile, SdkVariables, Variables};
    use Source::{Keys, Metadata, Oidc, Password, SharedConfig, Token};
    const KEYS: &str = "HW_ACCESS_KEY=AK, HW_SECRET_KEY=SK";
    let file = file_with(FILE);
    let file = file.path().display();
    let sdk_file = file_with("[basic]\nak = AK\nsk = SK\n");
    let sdk_file = format!(
        "HUAWEICLOUD_SDK_CREDENTIALS_FILE={}",
        sdk_file.path().display()
    );
    let sdk_file_with_idp = file_with("[basic]\nidp_id = i\nid_token_file = f\n");
    let sdk_file_with_idp = sdk_file_with_idp.path().display();

    for (arguments, variables, source, place) in [
        ("", "", Metadata, Nowhere),
        // The order among variables.
        ("", KEYS, Keys, Variables),
        ("", &format!("{KEYS}, HW_AUTH_TOKEN=T"), Token, Variables),
        (
            "",
            &format!("{KEYS}, HW_ASSUME_ROLE_IDP_ID=i"),
            Oidc,
            Variables,
        ),
        (
            "",
            "HW_ASSUME_ROLE_IDP_ID=i, HW_AUTH_TOKEN=T",
            Token,
            Variables,
        ),
        (
            "",
            &format!("{KEYS}, HW_USER_NAME=u, HW_USER_PASSWORD=p"),
            Keys,
            Variables,
        ),
        ("", "HW_USER_PASSWORD=p, HW_PROFILE=x", Password, Variables),
        ("", &format!("{KEYS}, HW_PROFILE=x"), Keys, Variables),
        (
            "",
            &format!("HW_SHARED_CONFIG_FILE={file}"),
            SharedConfig,
            Variables,
        ),
        ("", "HW_PROFILE=x", SharedConfig, Variables),
        // A user without a password is no source: it may be there for other programs.
        ("", "HW_USER_NAME=u, HW_PROFILE=x", SharedConfig, Variables),
        // The variables that the official provider falls back to.
        ("", "OS_ACCESS_KEY=AK, OS_SECRET_KEY=SK", Keys, Variables),
        ("", "OS_AUTH_TOKEN=T", Token, Variables),
        ("", "OS_PASSWORD=p", Password, Variables),
        // The SDKs' variables come last.
        (
            "",
            "HUAWEICLOUD_SDK_AK=AK, HUAWEICLOUD_SDK_SK=SK",
            Keys,
            SdkVariables,
        ),
        (
            "",
            "HUAWEICLOUD_SDK_IDP_ID=i, HUAWEICLOUD_SDK_AK=AK",
            Oidc,
            SdkVariables,
        ),
        (
            "",
            "HUAWEICLOUD_SDK_AK=AK, HW_PROFILE=x",
            SharedConfig,
            Variables,
        ),
        ("", &sdk_file, Keys, SdkFile),
        (
            "",
            &format!("HUAWEICLOUD_SDK_CREDENTIALS_FILE={sdk_file_with_idp}"),
            Oidc,
            SdkFile,
        ),
        (
            "",
            &format!("{sdk_file}, HUAWEICLOUD_SDK_AK=AK"),
            Keys,
            SdkVariables,
        ),
        (
            "",
            &format!("{sdk_file}, HW_AUTH_TOKEN=T"),
            Token,
            Variables,
        ),
        // Arguments take precedence, whatever the variables say.
        (
            "access_key=AK, secret_key=SK",
            "HW_AUTH_TOKEN=T",
            Keys,
            Arguments,
        ),
        ("token=T, access_key=AK", KEYS, Token, Arguments),
        (
            "assume_role_with_oidc.idp_id=i, access_key=AK",
            "",
            Oidc,
            Arguments,
        ),
        ("password=p, profile=x", KEYS, Password, Arguments),
        ("profile=x", KEYS, SharedConfig, Arguments),
        (
            &format!("shared_config_file={file}"),
            KEYS,
            SharedConfig,
            Arguments,
        ),
        (
            "user_name=u",
            &format!("{KEYS}, HW_USER_PASSWORD=p"),
            Password,
            Arguments,
        ),
        ("user_name=u", KEYS, Keys, Variables),
        // Empty ones count as not given.
        (
            "access_key=, token=",
            "HW_AUTH_TOKEN=, HW_PROFILE=x",
            SharedConfig,
            Variables,
        ),
    ] {
        let chosen = choose(arguments, variables);
        assert_eq!(
            (chosen.source, chosen.place),
            (source, place),
            "{arguments:?} {variables:?}"
        );
    }
}

#[test]
fn what_a_source_lacks_comes_from_variables() {
    let file = file_with(FILE);
    let file = file.path().display();
    for (arguments, variables, expected) in [
        ("token=argT", "HW_AUTH_TOKEN=T", "token argT"),
        (
            "access_key=argAK",
            "HW_ACCESS_KEY=AK, HW_SECRET_KEY=SK",
            "argAK/SK",
        ),
        (
            "access_key=argAK, secret_key=argSK, security_token=argST",
            "HW_SECURITY_TOKEN=ST",
            "argAK/argSK/argST",
        ),
        (
            "",
            "HW_ACCESS_KEY=AK, HW_SECRET_KEY=SK, HW_SECURITY_TOKEN=ST",
            "AK/SK/ST",
        ),
        // Keys for the SDKs do not mix with the others.
        (
            "",
            "HW_ACCESS_KEY=AK, HW_SECRET_KEY=SK, HUAWEICLOUD_SDK_SECURITY_TOKEN=ST",
            "AK/SK",
        ),
        (
            "",
            "HUAWEICLOUD_SDK_AK=AK, HUAWEICLOUD_SDK_SK=SK, HUAWEICLOUD_SDK_SECURITY_TOKEN=ST, HW_SECURITY_TOKEN=other",
            "AK/SK/ST",
        ),
        (&format!("shared_config_file={file}"), "", "fileAK/fileSK"),
        (
            "profile=temporary",
            &format!("HW_SHARED_CONFIG_FILE={file}, HW_PROFILE=keys"),
            "fileAK/fileSK/fileST",
        ),
        (
            &format!("profile=sso, shared_config_file={file}"),
            "",
            "ssoAK/ssoSK/ssoST",
        ),
    ] {
        assert_eq!(
            credential(&choose(arguments, variables)),
            expected,
            "{arguments:?} {variables:?}"
        );
    }
}

#[test]
fn what_is_missing_is_named_with_its_argument_and_its_variable() {
    const OFF: &str = "HW_DISABLE_METADATA=true";
    let file = file_with(FILE);
    let profile = |name: &str| {
        format!(
            "profile={name}, shared_config_file={}",
            file.path().display()
        )
    };
    for (arguments, variables, parts) in [
        (
            "",
            OFF,
            &[
                "token",
                "HW_AUTH_TOKEN",
                "access_key",
                "HW_SECRET_KEY",
                "HW_USER_PASSWORD",
                "HW_PROFILE",
                "HW_ASSUME_ROLE_IDP_ID",
                "HW_DISABLE_METADATA",
            ][..],
        ),
        ("access_key=AK", "", &["secret_key", "HW_SECRET_KEY"]),
        ("secret_key=SK", "", &["access_key", "HW_ACCESS_KEY"]),
        (
            "",
            "HUAWEICLOUD_SDK_SK=SK, HW_REGION_NAME=x",
            &["access key"],
        ),
        (
            "password=p",
            "",
            &["user_name", "user_id", "HW_USER_NAME", "HW_USER_ID"],
        ),
        (
            "password=p, user_name=u",
            "",
            &["domain_name", "HW_DOMAIN_ID"],
        ),
        (
            "assume_role_with_oidc.idp_id=i",
            "",
            &["id_token_file", "HW_ASSUME_ROLE_ID_TOKEN"],
        ),
        (
            "assume_role_with_oidc.idp_id=",
            "HW_ASSUME_ROLE_ID_TOKEN=t",
            &["idp_id", "HW_ASSUME_ROLE_IDP_ID"],
        ),
        (
            "token=t, assume_role.agency_name=a",
            "",
            &["\"a\"", "domain_name", "HW_ASSUME_ROLE_DOMAIN_ID"],
        ),
        (
            "token=t, assume_role.agency_name=",
            "",
            &["agency_name", "HW_ASSUME_ROLE_AGENCY_NAME"],
        ),
        (
            "token=t",
            "HW_ASSUME_ROLE_AGENCY_NAME=a, HW_ASSUME_ROLE_DOMAIN_NAME=d, HW_ASSUME_ROLE_DURATION=1h",
            &["HW_ASSUME_ROLE_DURATION", "\"1h\"", "900"],
        ),
        (
            "token=t",
            "HW_ASSUME_ROLE_AGENCY_NAME=a, HW_ASSUME_ROLE_DOMAIN_NAME=d, HW_ASSUME_ROLE_DURATION=899",
            &[
                "The variable HW_ASSUME_ROLE_DURATION is 899. It is a whole number of seconds from 900 to 86400.",
            ],
        ),
        (
            "shared_config_file=/no/such/file",
            "",
            &["/no/such/file", "HW_SHARED_CONFIG_FILE"],
        ),
        ("profile=x", "", &["~/.hcloud/config.json", "HOME"]),
        (
            &profile("x"),
            "",
            &["\"x\"", "\"keys\", \"temporary\", \"sso\"", "HW_PROFILE"],
        ),
        (&profile("nobody"), "", &["hcloud configure sso"]),
        (
            &profile("machine"),
            OFF,
            &["ecsAgency", "HW_DISABLE_METADATA"],
        ),
        (
            &profile("future"),
            "",
            &["\"Telepathy\"", "AKSK, ecsAgency and SSO"],
        ),
        (
            &profile("empty"),
            "",
            &["no access key", "hcloud configure set"],
        ),
        (
            "",
            "HW_METADATA_ENDPOINT=http://a b",
            &["HW_METADATA_ENDPOINT", "not a URL"],
        ),
    ] {
        let text = credential(&choose(arguments, variables));
        for part in parts {
            assert!(
                text.contains(part),
                "{arguments:?} {variables:?}: {part:?} is not in: {text}"
            );
        }
    }
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_log_says_which_source_was_taken_and_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let chosen = choose("access_key=AK", "HW_SECRET_KEY=hunter2");
        assert_eq!(credential(&chosen), "AK/hunter2");
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("DEBUG"), "{text}");
    assert!(text.contains("source=Keys place=Arguments"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn an_encrypted_file_is_told_with_the_command_that_decrypts_it_and_without_its_contents() {
    for (flag, access_key) in [
        (r#""authEncrypt": "true","#, "fileAK"),
        (r#""authEncrypt": true,"#, "fileAK"),
        ("", "q83vEjRWeJA="),
    ] {
        let file = file_with(&format!(
            r#"{{"current": "p", {flag} "profiles": [{{"name": "p", "mode": "AKSK",
                "accessKeyId": "{access_key}", "secretAccessKey": "hunter2"}}]}}"#
        ));
        let path = file.path().to_str().unwrap();
        let text = credential(&choose(&format!("shared_config_file={path}"), ""));
        assert!(
            text.contains("hcloud configure set --cli-auth-encrypt=false"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_file_that_is_no_json_is_told_without_its_contents() {
    let file = file_with(r#"{"profiles": [{"secretAccessKey": ["hunter2"]}]}"#);
    let path = file.path().to_str().unwrap();
    let text = credential(&choose(&format!("shared_config_file={path}"), ""));
    assert!(text.contains("line 1"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn arguments_that_are_not_known_yet_are_named() {
    let mut block = block(json!({"access_key": "AK", "assume_role": [{"agency_name": "a"}]}));
    block.secret_key = Value::Unknown;
    block.region = Value::Unknown;
    block.assume_role = Value::Value(vec![Value::Value(AssumeRoleBlock {
        domain_id: Value::Unknown,
        ..AssumeRoleBlock::default()
    })]);
    let names = sign_in(&block, Environment(&|_| None)).unwrap_err();
    assert_eq!(names, ["secret_key", "assume_role"]);
}

#[test]
fn agencies_come_from_blocks_else_from_variables_else_from_the_profile() {
    let role = |agency: &str, domain: AgencyDomain, duration| Role {
        agency: agency.to_owned(),
        domain,
        duration,
    };
    let name = |name: &str| AgencyDomain::Name(name.to_owned());
    let id = |id: &str| AgencyDomain::Id(id.to_owned());
    let variables = [
        ("HW_ASSUME_ROLE_AGENCY_NAME", "varAgency"),
        ("HW_ASSUME_ROLE_DOMAIN_NAME", "varDomain"),
        ("HW_ASSUME_ROLE_DURATION", "1800"),
    ];
    let lookup = lookup(&variables);
    let env = Environment(&lookup);

    let of_variables = role("varAgency", name("varDomain"), Some(1800));
    assert_eq!(
        roles(&ProviderBlock::default(), env),
        Ok(vec![of_variables])
    );
    let written = block(json!({"assume_role": [
        {"agency_name": "one"},
        {"agency_name": "two", "domain_id": "d2", "duration": 900},
    ]}));
    let of_blocks = vec![
        role("one", name("varDomain"), Some(1800)),
        role("two", id("d2"), Some(900)),
    ];
    assert_eq!(roles(&written, env), Ok(of_blocks));
}
