//! Signing in through a real engine: arguments and variables as a user writes them, down to sessions that die.

use std::path::Path;

use crate::support::engines;
use crate::support::sandbox::{
    ACCESS_KEY, DCS_INSTANCE, DCS_NODES, PROJECT_ID, REGION, SECRET_KEY, Sandbox,
};
use crate::support::wait;
use crate::support::workspace::{Run, Workspace, provider_block};
use crate::tls::{Authority, relay};

const PASSWORD: &str = "pAsSwOrD-5b1c-never-print-me";
const ID_TOKEN: &str = "eyJhbGciOi.never-print-me.c2lnbmF0dXJl";
const DOMAIN_ID: &str = "d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0";

/// A sandbox with one simulated node, an agency, a user and an identity provider.
fn sandbox() -> Sandbox {
    let node = format!("{DCS_INSTANCE}/{}=simulated:3", DCS_NODES[0]);
    Sandbox::builder()
        .option("--dcs-node", &node)
        .option("--user-password", PASSWORD)
        .option("--id-token", ID_TOKEN)
        .option("--domain-id", DOMAIN_ID)
        .start()
}

fn kill() -> String {
    format!(
        "resource \"hwc_dcs_session_kill\" \"test\" {{\n  instance_id = {DCS_INSTANCE:?}\n  node_id = {:?}\n}}\n",
        DCS_NODES[0]
    )
}

/// A workspace that kills, with these arguments in the provider block and these variables.
fn workspace(sandbox: &Sandbox, arguments: &str, variables: &[(&str, &str)]) -> Workspace {
    let configuration = format!("{}\n{}", provider_block(sandbox, arguments), kill());
    let workspace = Workspace::bare(engines::newest_terraform(), &configuration)
        .with_variable("HW_REGION_NAME", REGION);
    variables
        .iter()
        .fold(workspace, |workspace, (name, value)| {
            workspace.with_variable(name, value)
        })
}

/// The paths of the calls that were made, oldest first; those that follow the job are left out.
fn paths(sandbox: &Sandbox) -> Vec<String> {
    let calls = sandbox.calls().into_iter();
    calls
        .map(|call| call.path)
        .filter(|path| !path.contains("/jobs/"))
        .collect()
}

/// Applies, and asserts that the kill was made after exactly these calls, and that no secret is anywhere.
#[track_caller]
fn signs_in(sandbox: &Sandbox, workspace: &Workspace, sign_in: &[&str]) {
    workspace.plan().planned_changes();
    assert_eq!(paths(sandbox), [""; 0], "a plan makes no call");

    let run = workspace.apply().succeeded();

    let kill = format!("/v2/{PROJECT_ID}/instances/{DCS_INSTANCE}/clients/kill-all");
    assert_eq!(paths(sandbox), [sign_in, &[kill.as_str()]].concat());
    shows_no_secret(&run, workspace);
}

#[track_caller]
fn shows_no_secret(run: &Run, workspace: &Workspace) {
    let state = std::fs::read_to_string(workspace.path("terraform.tfstate")).unwrap_or_default();
    let everything = format!("{}{}{state}", run.stdout, run.stderr);
    for secret in [SECRET_KEY, PASSWORD, ID_TOKEN] {
        assert!(!everything.contains(secret), "{secret} in {everything}");
    }
}

const PROJECTS: &str = "/v3/projects";
const TOKENS: &str = "/v3/auth/tokens";
const ID_TOKENS: &str = "/v3.0/OS-AUTH/id-token/tokens";
const SECURITY_TOKENS: &str = "/v3.0/OS-CREDENTIAL/securitytokens";
const ASSUME: &str = "/v5/agencies/assume";

#[test]
fn keys_in_the_variables_of_the_official_sdks() {
    let sandbox = sandbox();
    let variables = [
        ("HUAWEICLOUD_SDK_AK", ACCESS_KEY),
        ("HUAWEICLOUD_SDK_SK", SECRET_KEY),
    ];
    signs_in(&sandbox, &workspace(&sandbox, "", &variables), &[PROJECTS]);
}

#[test]
fn keys_in_the_credentials_file_of_the_official_sdks() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    std::fs::write(
        &file,
        format!("[basic]\nak = {ACCESS_KEY}\nsk = {SECRET_KEY}\nproject_id = {PROJECT_ID}\n"),
    )
    .unwrap();
    let variables = [("HUAWEICLOUD_SDK_CREDENTIALS_FILE", file.to_str().unwrap())];
    signs_in(&sandbox, &workspace(&sandbox, "", &variables), &[]);
}

#[test]
fn a_user_with_its_password_in_variables() {
    let sandbox = sandbox();
    let variables = [
        ("HW_USER_NAME", "sandbox-user"),
        ("HW_USER_PASSWORD", PASSWORD),
        ("HW_DOMAIN_NAME", "sandbox-domain"),
    ];
    signs_in(
        &sandbox,
        &workspace(&sandbox, "", &variables),
        &[TOKENS, PROJECTS],
    );
}

#[test]
fn a_user_in_arguments_with_its_password_in_a_variable() {
    let sandbox = sandbox();
    let arguments =
        "user_name = \"sandbox-user\"\n  domain_id = \"d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0\"";
    let variables = [
        ("HW_USER_PASSWORD", PASSWORD),
        ("HW_PROJECT_ID", PROJECT_ID),
        // What arguments say wins.
        ("HW_ACCESS_KEY", "another"),
        ("HW_SECRET_KEY", "another"),
    ];
    signs_in(
        &sandbox,
        &workspace(&sandbox, arguments, &variables),
        &[TOKENS],
    );
}

#[test]
fn a_token() {
    let sandbox = sandbox();
    let token = wait(async {
        let answer = reqwest::Client::new()
            .post(format!("{}/v3/auth/tokens", sandbox.url()))
            .json(&serde_json::json!({"auth": {
                "identity": {"methods": ["password"], "password": {"user": {
                    "name": "sandbox-user", "password": PASSWORD, "domain": {"name": "sandbox-domain"}}}},
                "scope": {"project": {"name": REGION}},
            }}))
            .send()
            .await
            .unwrap();
        answer.headers()["x-subject-token"]
            .to_str()
            .unwrap()
            .to_owned()
    });
    let workspace = workspace(&sandbox, "", &[("HW_AUTH_TOKEN", &token)]);

    let run = workspace.apply().succeeded();

    assert_eq!(paths(&sandbox)[..2], [TOKENS, PROJECTS]);
    assert!(!run.text().contains(&token));
}

/// The configuration file of `hcloud`, in the home of a user.
fn write_shared_config(home: &Path, auth_encrypt: &str) {
    let text = serde_json::json!({
        "current": "default",
        "authEncrypt": auth_encrypt,
        "profiles": [
            {"name": "default", "mode": "AKSK", "accessKeyId": ACCESS_KEY, "secretAccessKey": SECRET_KEY,
             "region": REGION, "projectId": PROJECT_ID},
            {"name": "agency", "mode": "AKSK", "accessKeyId": ACCESS_KEY, "secretAccessKey": SECRET_KEY,
             "region": REGION, "agencyName": "sandbox-agency", "agencyDomainName": "sandbox-domain"},
            {"name": "machine", "mode": "ecsAgency", "region": REGION},
        ],
    });
    std::fs::create_dir_all(home.join(".hcloud")).unwrap();
    std::fs::write(home.join(".hcloud/config.json"), text.to_string()).unwrap();
}

#[test]
fn the_current_profile_of_a_shared_config_file_with_its_region_and_project() {
    let sandbox = sandbox();
    let home = tempfile::tempdir().unwrap();
    write_shared_config(home.path(), "false");
    let workspace = workspace(
        &sandbox,
        "",
        &[
            ("HW_REGION_NAME", ""),
            ("HOME", home.path().to_str().unwrap()),
            ("HW_SHARED_CONFIG_FILE", "~/.hcloud/config.json"),
        ],
    );
    signs_in(&sandbox, &workspace, &[]);
    let kill = workspace.resource("hwc_dcs_session_kill.test").unwrap();
    assert_eq!(kill.values["region"], REGION);
}

#[test]
fn a_profile_that_assumes_an_agency() {
    let sandbox = sandbox();
    let home = tempfile::tempdir().unwrap();
    write_shared_config(home.path(), "false");
    let variables = [("HOME", home.path().to_str().unwrap())];
    let workspace = workspace(&sandbox, "profile = \"agency\"", &variables);
    signs_in(&sandbox, &workspace, &[SECURITY_TOKENS, PROJECTS]);
}

#[test]
fn an_encrypted_shared_config_file_is_told_at_apply_with_the_command_that_decrypts_it() {
    let sandbox = sandbox();
    let home = tempfile::tempdir().unwrap();
    write_shared_config(home.path(), "true");
    let variables = [
        ("HOME", home.path().to_str().unwrap()),
        ("HW_PROFILE", "default"),
    ];
    let workspace = workspace(&sandbox, "", &variables);

    workspace.plan().planned_changes();
    let run = workspace.apply().failed().saying(&[
        "is encrypted",
        "hcloud configure set --cli-auth-encrypt=false",
    ]);

    shows_no_secret(&run, &workspace);
    assert_eq!(paths(&sandbox), [""; 0]);
}

#[test]
fn the_metadata_service_of_the_machine() {
    let sandbox = sandbox();
    let variables = [
        ("HW_DISABLE_METADATA", "false"),
        ("HW_METADATA_ENDPOINT", sandbox.url()),
    ];
    signs_in(
        &sandbox,
        &workspace(&sandbox, "", &variables),
        &[
            "/meta-data/latest/api/token",
            "/openstack/latest/securitykey",
            PROJECTS,
        ],
    );
}

#[test]
fn an_agency_that_variables_name() {
    let sandbox = sandbox();
    let variables = [
        ("HW_ACCESS_KEY", ACCESS_KEY),
        ("HW_SECRET_KEY", SECRET_KEY),
        ("HW_ASSUME_ROLE_AGENCY_NAME", "sandbox-agency"),
        ("HW_ASSUME_ROLE_DOMAIN_NAME", "sandbox-domain"),
        ("HW_ASSUME_ROLE_DURATION", "1800"),
    ];
    signs_in(
        &sandbox,
        &workspace(&sandbox, "", &variables),
        &[SECURITY_TOKENS, PROJECTS],
    );
    let asked = &sandbox.calls_to(SECURITY_TOKENS)[0].body;
    assert_eq!(
        asked["auth"]["identity"]["assume_role"]["duration_seconds"],
        1800
    );
}

#[test]
fn a_chain_of_agencies_in_blocks() {
    let sandbox = sandbox();
    let arguments = format!(
        "access_key = {ACCESS_KEY:?}\n  secret_key = {SECRET_KEY:?}\n  project_id = {PROJECT_ID:?}
  assume_role {{
    agency_name = \"sandbox-agency\"
    domain_name = \"sandbox-domain\"
  }}
  assume_role {{
    agency_name = \"sandbox-agency\"
    domain_id   = {DOMAIN_ID:?}
    duration    = 900
  }}"
    );
    signs_in(
        &sandbox,
        &workspace(&sandbox, &arguments, &[]),
        &[SECURITY_TOKENS, ASSUME],
    );
    let asked = &sandbox.calls_to(ASSUME)[0].body;
    assert_eq!(
        asked["agency_urn"],
        format!("iam::{DOMAIN_ID}:agency:sandbox-agency")
    );
    assert_eq!(asked["duration_seconds"], 900);
}

#[test]
fn an_id_token_in_a_file() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("id-token");
    std::fs::write(&file, ID_TOKEN).unwrap();
    let arguments = format!(
        "assume_role_with_oidc {{\n    idp_id        = \"sandbox-idp\"\n    id_token_file = {:?}\n  }}",
        file
    );
    signs_in(
        &sandbox,
        &workspace(&sandbox, &arguments, &[("HW_PROJECT_ID", PROJECT_ID)]),
        &[ID_TOKENS, SECURITY_TOKENS],
    );
}

#[test]
fn an_id_token_in_a_variable_then_an_agency() {
    let sandbox = sandbox();
    let variables = [
        ("HW_PROJECT_ID", PROJECT_ID),
        ("HW_ASSUME_ROLE_IDP_ID", "sandbox-idp"),
        ("HW_ASSUME_ROLE_ID_TOKEN", ID_TOKEN),
        ("HW_ASSUME_ROLE_AGENCY_NAME", "sandbox-agency"),
        ("HW_ASSUME_ROLE_DOMAIN_ID", DOMAIN_ID),
    ];
    signs_in(
        &sandbox,
        &workspace(&sandbox, "", &variables),
        &[ID_TOKENS, SECURITY_TOKENS, ASSUME],
    );
}

#[test]
fn an_ephemeral_value_as_the_secret_key() {
    let sandbox = sandbox();
    let arguments = format!(
        "access_key = {ACCESS_KEY:?}\n  secret_key = var.secret_key\n  project_id = {PROJECT_ID:?}"
    );
    let workspace = workspace(&sandbox, &arguments, &[("TF_VAR_secret_key", SECRET_KEY)]);
    workspace.write(
        "variables.tf",
        "variable \"secret_key\" {\n  type      = string\n  ephemeral = true\n}\n",
    );
    signs_in(&sandbox, &workspace, &[]);
}

#[test]
fn keys_sign_with_the_algorithm_that_is_asked_for() {
    for (name, label) in [
        ("HmacSHA256", "SDK-HMAC-SHA256"),
        ("HmacSM3", "SDK-HMAC-SM3"),
        ("EcdsaP256SHA256", "SDK-ECDSA-P256-SHA256"),
    ] {
        let sandbox = sandbox();
        let arguments = format!(
            "access_key = {ACCESS_KEY:?}\n  project_id = {PROJECT_ID:?}\n  signing_algorithm = {name:?}"
        );
        let workspace = workspace(&sandbox, &arguments, &[("HW_SECRET_KEY", SECRET_KEY)]);

        signs_in(&sandbox, &workspace, &[]);

        let calls = sandbox.calls();
        let signed_with = calls.iter().map(|call| call.signed_with.as_deref());
        assert!(signed_with.clone().count() >= 2, "the kill and its job");
        assert!(signed_with.into_iter().all(|with| with == Some(label)));
    }
}

#[test]
fn a_refused_password_is_told_with_what_to_check() {
    let sandbox = sandbox();
    let variables = [
        ("HW_USER_NAME", "sandbox-user"),
        ("HW_USER_PASSWORD", "wrong-never-print-me"),
        ("HW_DOMAIN_NAME", "sandbox-domain"),
        ("HW_PROJECT_ID", PROJECT_ID),
    ];
    let workspace = workspace(&sandbox, "", &variables);

    let run = workspace.apply().failed().saying(&[
        "/v3/auth/tokens",
        "HTTP 401",
        "signs in with the password of user \"sandbox-user\"",
        "HW_USER_PASSWORD",
        "a HUAWEI ID cannot sign in by password",
    ]);

    assert!(!run.text().contains("wrong-never-print-me"));
    assert_eq!(paths(&sandbox), [TOKENS]);
}

#[test]
fn mistakes_in_the_blocks_are_told_by_validate() {
    let sandbox = sandbox();
    for (arguments, parts) in [
        (
            "assume_role {\n    agency_name = \"a\"\n    domain_name = \"d\"\n    duration = 10\n  }",
            ["provider \"hwc\"", "duration is 10", "from 900 to 86400"],
        ),
        (
            "signing_algorithm = \"SM2SM3\"",
            ["signing_algorithm", "\"SM2SM3\"", "HmacSM3"],
        ),
    ] {
        workspace(&sandbox, arguments, &[])
            .validate()
            .failed()
            .saying(&parts);
    }
}

#[test]
fn resources_share_the_look_up_of_a_project_that_fails() {
    let sandbox = sandbox();
    sandbox.break_calls(serde_json::json!({"path_contains": PROJECTS, "status": 500}));
    let arguments =
        format!("access_key = {ACCESS_KEY:?}\n  secret_key = {SECRET_KEY:?}\n  max_retries = 1");
    let workspace = workspace(&sandbox, &arguments, &[]);
    // More than the engine starts at once.
    workspace.edit(
        "\"hwc_dcs_session_kill\" \"test\" {",
        "\"hwc_dcs_session_kill\" \"test\" {\n  count = 12",
    );

    let run = workspace.apply().failed();

    assert_eq!(
        paths(&sandbox),
        [PROJECTS, PROJECTS],
        "the call and its repetition"
    );
    assert_eq!(run.text().matches("No session was killed").count(), 12);
}

#[test]
fn a_secret_in_an_endpoint_is_refused_and_not_printed() {
    let sandbox = sandbox();
    for (endpoint, reason) in [
        ("https://ops:never-print-me@dcs.example.com", "user name or"),
        ("ops:never-print-me@dcs.example.com", "user name or"),
        ("https://dcs.example.com/?token=never-print-me", "query"),
    ] {
        // The engine shows the line that an error is about, so the secret is in a variable.
        let workspace = workspace(&sandbox, "auth_url = var.endpoint", &[])
            .with_variable("TF_VAR_endpoint", endpoint)
            .with_variable("TF_LOG", "TRACE");
        workspace.edit(&format!("dcs = {:?}", sandbox.url()), "dcs = var.endpoint");
        workspace.write(
            "variables.tf",
            "variable \"endpoint\" {\n  type = string\n}\n",
        );

        let run = workspace.plan();

        let text = run.stdout.clone() + &run.stderr;
        for words in [
            "Invalid auth_url",
            "Invalid endpoint",
            "not shown, because",
            reason,
        ] {
            assert!(text.contains(words), "{words:?} is not in {text}");
        }
        let ours: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("never-print-me"))
            .collect();
        assert!(ours.is_empty(), "{ours:#?}");
    }
}

#[test]
fn a_missing_permission_is_named_and_what_the_cloud_says_controls_no_terminal() {
    let sandbox = sandbox();
    let variables = [
        ("HW_ACCESS_KEY", ACCESS_KEY),
        ("HW_SECRET_KEY", SECRET_KEY),
        ("HW_PROJECT_ID", PROJECT_ID),
    ];
    sandbox.break_calls(serde_json::json!({
        "path_contains": "/clients/kill-all",
        "status": 403,
        "body": {
            "error_code": "DCS.3002",
            "error_msg": format!("\u{1b}[2J\u{1b}]0;owned\u{7}Policy doesn't allow it. {}", "long ".repeat(1000)),
        },
    }));
    let workspace = workspace(&sandbox, "", &variables);

    let run = workspace.apply().failed().saying(&[
        "No session was killed",
        "DCS.3002",
        "Policy doesn't allow it.",
        "…",
        "Grant it dcs:clients:kill in IAM",
    ]);

    let text = run.text();
    assert!(!text.contains("\u{1b}[2J") && !text.contains("\u{1b}]0;") && !text.contains('\u{7}'));
    assert!(text.matches("long").count() < 250, "{text}");
}

#[test]
fn tls_with_an_authority_and_a_client_certificate_of_ones_own() {
    let sandbox = sandbox();
    let (servers, clients) = (Authority::new(), Authority::new());
    let url = wait(relay(
        sandbox.url(),
        servers.identity("127.0.0.1"),
        Some(&clients),
    ));
    let identity = clients.identity("ops");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), servers.pem()).unwrap();
    let arguments = format!(
        "cacert_file = \"{}/ca.pem\"\n  cert = {:?}\n  access_key = {ACCESS_KEY:?}\n  secret_key = {SECRET_KEY:?}\n  project_id = {PROJECT_ID:?}",
        folder.path().display(),
        identity.cert
    );
    let workspace = workspace(&sandbox, &arguments, &[("OS_KEY", &identity.key)]);
    workspace.edit(
        &format!("dcs = {:?}", sandbox.url()),
        &format!("dcs = {url:?}"),
    );

    let run = workspace.apply().succeeded();

    assert!(!run.text().contains("PRIVATE KEY"));
}

#[test]
fn an_unknown_server_certificate_is_refused_unless_insecure_which_warns() {
    let sandbox = sandbox();
    let url = wait(relay(
        sandbox.url(),
        Authority::new().identity("127.0.0.1"),
        None,
    ));
    let arguments = format!(
        "access_key = {ACCESS_KEY:?}\n  secret_key = {SECRET_KEY:?}\n  project_id = {PROJECT_ID:?}\n  max_retries = 0"
    );
    // A machine without trusted roots of its own, where those that come with the provider are used.
    let roots = tempfile::tempdir().unwrap();
    let none = roots.path().join("none.pem");
    std::fs::write(&none, "").unwrap();
    for variables in [
        vec![],
        vec![
            ("SSL_CERT_FILE", none.to_str().unwrap()),
            ("SSL_CERT_DIR", roots.path().to_str().unwrap()),
        ],
    ] {
        let workspace = workspace(&sandbox, &arguments, &variables);
        workspace.edit(
            &format!("dcs = {:?}", sandbox.url()),
            &format!("dcs = {url:?}"),
        );
        workspace
            .apply()
            .failed()
            .saying(&["the connection could not be made", "UnknownIssuer"]);
        assert_eq!(paths(&sandbox), [""; 0]);
    }

    let workspace = workspace(&sandbox, &arguments, &[("HW_INSECURE", "true")]);
    workspace.edit(
        &format!("dcs = {:?}", sandbox.url()),
        &format!("dcs = {url:?}"),
    );
    workspace
        .apply()
        .succeeded()
        .saying(&["TLS certificates are not checked"]);
}
