#![allow(clippy::unwrap_used)]

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;
use tf_provider::value::Value;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::huaweicloud::client::{Client, Settings};
use crate::huaweicloud::credentials::chain::Chosen;
use crate::huaweicloud::credentials::{Credential, ForCall};
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
    let client = Client::new(Settings::default(), Box::new(Credential::None));
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
        Err(Error::Credentials(problem)) => crate::provider::explain::credentials::advice(&problem),
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

/// The rows of a table whose columns are arguments, variables, and what comes of them. `<keys>` are variables with
/// keys; `files` are other names in the table that mean paths.
fn rows(table: &str, files: &[(&str, &tempfile::NamedTempFile)]) -> Vec<[String; 3]> {
    let column = |text: &str| {
        let mut text = text.replace("<keys>", "HW_ACCESS_KEY=AK, HW_SECRET_KEY=SK");
        for (name, file) in files {
            text = text.replace(name, file.path().to_str().unwrap());
        }
        text.trim().to_owned()
    };
    let columns = |row: &str| row.split('|').map(column).collect::<Vec<_>>().try_into();
    (table.trim().lines())
        .map(|row| columns(row).unwrap())
        .collect()
}

#[test]
fn the_first_source_that_is_given_is_taken_from_the_first_place_that_gives_any() {
    let sdk_file = file_with("[basic]\nak = AK\nsk = SK\n");
    let sdk_file_with_idp = file_with("[basic]\nidp_id = i\nid_token_file = f\n");
    let files = [
        ("<SDK file>", &sdk_file),
        ("<SDK file with idp>", &sdk_file_with_idp),
        ("<file>", &file_with(FILE)),
    ];
    // First variables alone: their order; a user without a password, which may be there for other programs; those that
    // the official provider falls back to; and those of the SDKs, which come last. Then arguments, which take precedence
    // whatever the variables say. Empty ones count as not given.
    let table = "
        | | Metadata Nowhere
        | <keys> | Keys Variables
        | <keys>, HW_AUTH_TOKEN=T | Token Variables
        | <keys>, HW_ASSUME_ROLE_IDP_ID=i | Oidc Variables
        | HW_ASSUME_ROLE_IDP_ID=i, HW_AUTH_TOKEN=T | Token Variables
        | <keys>, HW_USER_NAME=u, HW_USER_PASSWORD=p | Keys Variables
        | HW_USER_PASSWORD=p, HW_PROFILE=x | Password Variables
        | <keys>, HW_PROFILE=x | Keys Variables
        | HW_SHARED_CONFIG_FILE=<file> | SharedConfig Variables
        | HW_PROFILE=x | SharedConfig Variables
        | HW_USER_NAME=u, HW_PROFILE=x | SharedConfig Variables
        | OS_ACCESS_KEY=AK, OS_SECRET_KEY=SK | Keys Variables
        | OS_AUTH_TOKEN=T | Token Variables
        | OS_PASSWORD=p | Password Variables
        | HUAWEICLOUD_SDK_AK=AK, HUAWEICLOUD_SDK_SK=SK | Keys SdkVariables
        | HUAWEICLOUD_SDK_IDP_ID=i, HUAWEICLOUD_SDK_AK=AK | Oidc SdkVariables
        | HUAWEICLOUD_SDK_AK=AK, HW_PROFILE=x | SharedConfig Variables
        | HUAWEICLOUD_SDK_CREDENTIALS_FILE=<SDK file> | Keys SdkFile
        | HUAWEICLOUD_SDK_CREDENTIALS_FILE=<SDK file with idp> | Oidc SdkFile
        | HUAWEICLOUD_SDK_CREDENTIALS_FILE=<SDK file>, HUAWEICLOUD_SDK_AK=AK | Keys SdkVariables
        | HUAWEICLOUD_SDK_CREDENTIALS_FILE=<SDK file>, HW_AUTH_TOKEN=T | Token Variables
        access_key=AK, secret_key=SK | HW_AUTH_TOKEN=T | Keys Arguments
        token=T, access_key=AK | <keys> | Token Arguments
        assume_role_with_oidc.idp_id=i, access_key=AK | | Oidc Arguments
        password=p, profile=x | <keys> | Password Arguments
        profile=x | <keys> | SharedConfig Arguments
        shared_config_file=<file> | <keys> | SharedConfig Arguments
        user_name=u | <keys>, HW_USER_PASSWORD=p | Password Arguments
        user_name=u | <keys> | Keys Variables
        access_key=, token= | HW_AUTH_TOKEN=, HW_PROFILE=x | SharedConfig Variables";

    for [arguments, variables, expected] in rows(table, &files) {
        let chosen = choose(&arguments, &variables);
        let taken = format!("{:?} {:?}", chosen.source, chosen.place);
        assert_eq!(taken, expected, "{arguments:?} {variables:?}");
    }
}

#[test]
fn what_a_source_lacks_comes_from_variables() {
    // Keys for the SDKs do not mix with the others.
    let table = "
        token=argT | HW_AUTH_TOKEN=T | token argT
        access_key=argAK | <keys> | argAK/SK
        access_key=argAK, secret_key=argSK, security_token=argST | HW_SECURITY_TOKEN=ST | argAK/argSK/argST
        | <keys>, HW_SECURITY_TOKEN=ST | AK/SK/ST
        | <keys>, HUAWEICLOUD_SDK_SECURITY_TOKEN=ST | AK/SK
        | HUAWEICLOUD_SDK_AK=AK, HUAWEICLOUD_SDK_SK=SK, HUAWEICLOUD_SDK_SECURITY_TOKEN=ST, HW_SECURITY_TOKEN=x | AK/SK/ST
        shared_config_file=<file> | | fileAK/fileSK
        profile=temporary | HW_SHARED_CONFIG_FILE=<file>, HW_PROFILE=keys | fileAK/fileSK/fileST
        profile=sso, shared_config_file=<file> | | ssoAK/ssoSK/ssoST";

    for [arguments, variables, expected] in rows(table, &[("<file>", &file_with(FILE))]) {
        let taken = credential(&choose(&arguments, &variables));
        assert_eq!(taken, expected, "{arguments:?} {variables:?}");
    }
}

#[test]
fn what_is_missing_is_named_with_its_argument_and_its_variable() {
    let table = r#"
        | HW_DISABLE_METADATA=true | token; HW_AUTH_TOKEN; access_key; HW_SECRET_KEY; HW_USER_PASSWORD; HW_PROFILE
        | HW_DISABLE_METADATA=true | HW_ASSUME_ROLE_IDP_ID; HW_DISABLE_METADATA
        access_key=AK | | secret_key; HW_SECRET_KEY
        secret_key=SK | | access_key; HW_ACCESS_KEY
        | HUAWEICLOUD_SDK_SK=SK, HW_REGION_NAME=x | access key
        password=p | | user_name; user_id; HW_USER_NAME; HW_USER_ID
        password=p, user_name=u | | domain_name; HW_DOMAIN_ID
        assume_role_with_oidc.idp_id=i | | id_token_file; HW_ASSUME_ROLE_ID_TOKEN
        assume_role_with_oidc.idp_id= | HW_ASSUME_ROLE_ID_TOKEN=t | idp_id; HW_ASSUME_ROLE_IDP_ID
        token=t, assume_role.agency_name=a | | "a"; domain_name; HW_ASSUME_ROLE_DOMAIN_ID
        token=t, assume_role.agency_name= | | agency_name; HW_ASSUME_ROLE_AGENCY_NAME
        token=t, assume_role.agency_name=a | <agency>1h | The variable HW_ASSUME_ROLE_DURATION is "1h".
        token=t | <agency>1h | HW_ASSUME_ROLE_DURATION; "1h"; It is a whole number of seconds from 900 to 86400.
        token=t | <agency>899 | The variable HW_ASSUME_ROLE_DURATION is 899.; 900
        shared_config_file=/no/such/file | | /no/such/file; HW_SHARED_CONFIG_FILE
        profile=x | | ~/.hcloud/config.json; HOME
        profile=x, shared_config_file=<file> | | "x"; "keys", "temporary", "sso"; HW_PROFILE
        profile=nobody, shared_config_file=<file> | | hcloud configure sso
        profile=machine, shared_config_file=<file> | HW_DISABLE_METADATA=true | ecsAgency; HW_DISABLE_METADATA
        profile=future, shared_config_file=<file> | | "Telepathy"; AKSK, ecsAgency and SSO
        profile=empty, shared_config_file=<file> | | no access key; hcloud configure set
        | HW_METADATA_ENDPOINT=http://a b | HW_METADATA_ENDPOINT; not a URL"#;
    let agency =
        "HW_ASSUME_ROLE_AGENCY_NAME=a, HW_ASSUME_ROLE_DOMAIN_NAME=d, HW_ASSUME_ROLE_DURATION=";
    let table = table.replace("<agency>", agency);

    for [arguments, variables, parts] in rows(&table, &[("<file>", &file_with(FILE))]) {
        let text = credential(&choose(&arguments, &variables));
        for part in parts.split("; ") {
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
