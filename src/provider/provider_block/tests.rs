#![allow(clippy::unwrap_used)]

use serde::Serialize;
use serde_json::{Value as Json, json};
use tf_provider::schema::NestedBlock;

use super::model::{AssumeRoleBlock, OidcBlock};
use super::*;

/// The block with these arguments, in JSON; the others are null.
pub(in crate::provider) fn block(arguments: Json) -> ProviderBlock {
    let mut arguments = arguments;
    for (name, value) in arguments.as_object_mut().unwrap() {
        for nested in value.as_array_mut().into_iter().flatten() {
            match name.as_str() {
                "assume_role" => *nested = with_nulls::<AssumeRoleBlock>(nested),
                _ => *nested = with_nulls::<OidcBlock>(nested),
            }
        }
    }
    serde_json::from_value(with_nulls::<ProviderBlock>(&arguments)).unwrap()
}

/// Adds the arguments of a block that are not written, as null.
fn with_nulls<B: Default + Serialize>(arguments: &Json) -> Json {
    let Some(arguments) = arguments.as_object() else {
        return arguments.clone();
    };
    let mut all = serde_json::to_value(B::default()).unwrap();
    for (name, value) in arguments {
        *all.get_mut(name).unwrap() = value.clone();
    }
    all
}

/// How JSON writes a value that is not known yet.
fn unknown() -> Json {
    serde_json::to_value(Value::<()>::Unknown).unwrap()
}

/// Looks a variable up among these.
pub(in crate::provider) fn lookup<'v>(
    variables: &'v [(&str, &str)],
) -> impl Fn(&str) -> Option<String> + 'v {
    |name| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    }
}

fn configured(arguments: Json, variables: &[(&str, &str)]) -> Configured {
    let mut diags = Diagnostics::default();
    let lookup = lookup(variables);
    configure(&mut diags, &block(arguments), Environment(&lookup)).unwrap()
}

#[test]
fn there_is_no_client_while_an_argument_is_not_known() {
    let schema = ProviderBlock::schema("");
    let arguments = (schema.attributes.keys().chain(schema.blocks.keys()))
        .map(|name| (name.clone(), json!({name: unknown()})));
    let in_blocks = schema.blocks.iter().flat_map(|(name, nested)| {
        let (NestedBlock::List(inner) | NestedBlock::Optional(inner)) = nested else {
            panic!("{name}: {nested:?}");
        };
        let arguments = inner
            .attributes
            .keys()
            .map(|inner| json!({inner: unknown()}));
        arguments
            .chain([unknown()])
            .map(|nested| (name.clone(), json!({name: [nested]})))
            .collect::<Vec<_>>()
    });
    let endpoint = json!({"endpoints": {"iam": unknown(), "sts": "https://example.com"}});
    let cases: Vec<(String, Json)> = arguments
        .chain(in_blocks)
        .chain([("endpoints[\"iam\"]".to_owned(), endpoint)])
        .collect();
    assert_eq!(cases.len(), 24 + 2 + 7 + 2 + 1);

    for (name, arguments) in cases {
        // A variable does not stand in for an argument that is written.
        let variables = [
            ("HW_REGION_NAME", "cn-north-4"),
            ("HW_ACCESS_KEY", "ak"),
            ("HW_SECRET_KEY", "sk"),
        ];
        let client = configured(arguments.clone(), &variables).client;
        assert_eq!(client.err(), Some(vec![name]), "{arguments}");
    }
}

#[test]
fn a_region_is_known_or_missing_or_not_known_yet() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    let profile = r#"{"current": "p", "profiles": [{"name": "p", "mode": "AKSK", "accessKeyId": "a",
        "secretAccessKey": "s", "region": "eu-west-101"}]}"#;
    std::fs::write(&file, profile).unwrap();
    let file = file.to_str().unwrap();
    let known = |region: &str| Value::Value(region.to_owned());
    let variable = ("HW_REGION_NAME", "cn-east-3");
    let of_file = ("HW_SHARED_CONFIG_FILE", file);
    let of_no_file = ("HW_SHARED_CONFIG_FILE", "/nonexistent/config.json");
    let unknown_region = json!({"region": unknown()});
    let unknown_profile = json!({"profile": unknown()});
    let nothing = json!({});

    for (arguments, variables, region) in [
        (&nothing, vec![], Value::Null),
        (&nothing, vec![variable], known("cn-east-3")),
        (&nothing, vec![of_file], known("eu-west-101")),
        (&nothing, vec![of_file, variable], known("cn-east-3")),
        (&nothing, vec![of_no_file], Value::Unknown),
        (&unknown_region, vec![variable, of_file], Value::Unknown),
        (&unknown_profile, vec![], Value::Unknown),
        (&unknown_profile, vec![variable], known("cn-east-3")),
    ] {
        assert_eq!(
            configured(arguments.clone(), &variables).region,
            region,
            "{variables:?}"
        );
    }
}

#[test]
fn an_argument_that_is_not_valid_is_told_with_its_value_and_its_rule() {
    for (arguments, attribute, summary, detail) in [
        (
            json!({"region": "cn north"}),
            "region",
            "Invalid region",
            "region is \"cn north\". A region's name has letters, digits and hyphens, for example \"cn-north-4\".",
        ),
        (
            json!({"region": ""}),
            "region",
            "Invalid region",
            "region is \"\". A region's name has",
        ),
        (
            json!({"project_id": "0123"}),
            "project_id",
            "Invalid project_id",
            "project_id is \"0123\", 4 characters. A project ID has 32 characters, only letters and digits. If \
             project_id is not set, the provider looks up the project by the name of the region.",
        ),
        (
            json!({"cloud": "https://myhuaweicloud.eu"}),
            "cloud",
            "Invalid cloud",
            "cloud is \"https://myhuaweicloud.eu\". It is a domain name without scheme, for example \
             \"myhuaweicloud.eu\".",
        ),
        (
            json!({"cloud": "user:hunter2@example.com"}),
            "cloud",
            "Invalid cloud",
            "cloud is not shown, because it may contain a secret. It is a domain name",
        ),
        (
            json!({"auth_url": "ftp://example.com"}),
            "auth_url",
            "Invalid auth_url",
            "auth_url is \"ftp://example.com\": the scheme must be https or http, not ftp. Write it as \
             \"https://iam.example.com\".",
        ),
        (
            json!({"auth_url": "https://user:hunter2@example.com"}),
            "auth_url",
            "Invalid auth_url",
            "auth_url is not shown, because it may contain a secret: it must not carry a user name or password.",
        ),
        (
            json!({"max_retries": 181}),
            "max_retries",
            "Invalid max_retries",
            "max_retries is 181. It is a whole number from 0 to 180.",
        ),
        (
            json!({"max_retries": -1}),
            "max_retries",
            "Invalid max_retries",
            "max_retries is -1.",
        ),
        (
            json!({"signing_algorithm": "MD5"}),
            "signing_algorithm",
            "Invalid signing_algorithm",
            "signing_algorithm is \"MD5\". This provider knows HmacSHA256, HmacSM3, EcdsaP256SHA256.",
        ),
        (
            json!({"language": "de-de"}),
            "language",
            "Invalid language",
            "language is \"de-de\". The services know \"en-us\" and \"zh-cn\".",
        ),
        (
            json!({"endpoints": {"redis": "https://example.com"}}),
            "endpoints[\"redis\"]",
            "Unknown service in endpoints",
            "endpoints has the key \"redis\". The keys are dcs, taurusdb (or gaussdb), das, opengauss, geminidb, \
             ddm, dds, iam and sts.",
        ),
        (
            json!({"endpoints": {"rds": "https://example.com/?token=hunter2"}}),
            "endpoints[\"rds\"]",
            "Invalid endpoint",
            "endpoints[\"rds\"] is not shown",
        ),
        (
            json!({"endpoints": {"dcs": "https://example.com/?token=hunter2"}}),
            "endpoints[\"dcs\"]",
            "Invalid endpoint",
            "endpoints[\"dcs\"] is not shown, because it may contain a secret: it must not carry a query or \
             fragment. Write it as \"https://HOST\".",
        ),
        (
            json!({"endpoints": {"taurusdb": "https://a.example.com", "gaussdb": "https://b.example.com"}}),
            "endpoints[\"gaussdb\"]",
            "Contradictory endpoints",
            "taurusdb conflicts with gaussdb: both are names of one service. Set one of them.",
        ),
        (
            json!({"assume_role": [{"agency_name": "a", "duration": 899}]}),
            "assume_role[0].duration",
            "Invalid duration",
            "duration is 899. It is a whole number of seconds from 900 to 86400.",
        ),
    ] {
        let mut diags = Diagnostics::default();
        check(&mut diags, &block(arguments.clone()));

        let [error] = &diags.errors[..] else {
            panic!("{arguments}: {:?}", diags.errors);
        };
        assert_eq!(error.attribute.to_string(), attribute);
        assert_eq!(error.summary, summary);
        assert!(
            error
                .detail
                .starts_with(&format!("No session was killed. {detail}")),
            "{arguments}: {}",
            error.detail
        );
    }

    for arguments in [
        json!({}),
        json!({"signing_algorithm": ""}),
        json!({"region": "eu-west_1", "project_id": "0".repeat(32), "cloud": "example.com", "max_retries": 180,
            "auth_url": "https://iam.example.com/v3/", "language": "zh-cn", "signing_algorithm": "HmacSM3",
            "endpoints": {"dcs": "dcs.example.com", "gaussdb": null, "rds": "https://rds.example.com"}, "assume_role": [{"duration": 86_400}]}),
    ] {
        let mut diags = Diagnostics::default();
        check(&mut diags, &block(arguments.clone()));
        assert!(diags.errors.is_empty(), "{arguments}: {:?}", diags.errors);
    }
}

#[test]
fn a_variable_that_is_not_valid_is_told_unless_an_argument_takes_precedence() {
    for (variable, value, argument, detail) in [
        (
            "HW_INSECURE",
            "maybe",
            json!({"insecure": false}),
            "The variable HW_INSECURE is \"maybe\". It is true or false.",
        ),
        (
            "HW_MAX_RETRIES",
            "many",
            json!({"max_retries": 1}),
            "The variable HW_MAX_RETRIES is \"many\". It is a whole number from 0 to 180.",
        ),
        (
            "HW_MAX_RETRIES",
            "181",
            json!({"max_retries": 1}),
            "The variable HW_MAX_RETRIES is 181. It is a whole number from 0 to 180.",
        ),
        (
            "OS_REGION_NAME",
            "cn north",
            json!({"region": "cn-north-4"}),
            "The variable OS_REGION_NAME is \"cn north\". A region's name has letters,",
        ),
        (
            "OS_AUTH_URL",
            "https://user:hunter2@example.com",
            json!({"auth_url": "https://iam.example.com"}),
            "The variable OS_AUTH_URL is not shown, because it may contain a secret: it must not carry a user name",
        ),
    ] {
        let variables = [(variable, value)];
        let lookup = lookup(&variables);
        let env = Environment(&lookup);

        let mut diags = Diagnostics::default();
        assert!(configure(&mut diags, &ProviderBlock::default(), env).is_none());
        let [error] = &diags.errors[..] else {
            panic!("{variable}: {:?}", diags.errors);
        };
        assert_eq!(error.summary, format!("Invalid {variable}"));
        assert!(
            error
                .detail
                .starts_with(&format!("No session was killed. {detail}")),
            "{}",
            error.detail
        );

        let mut diags = Diagnostics::default();
        assert!(configure(&mut diags, &block(argument), env).is_some());
    }
}

#[test]
fn the_key_rds_has_no_effect_and_a_warning_names_das() {
    let env = Environment(&|_| None);
    let written = block(json!({"endpoints": {"rds": "https://rds.example.com"}}));

    let mut diags = Diagnostics::default();
    assert!(configure(&mut diags, &written, env).is_some());

    let [warning] = &diags.warnings[..] else {
        panic!("{:?}", diags.warnings);
    };
    assert_eq!(warning.attribute.to_string(), "endpoints[\"rds\"]");
    assert_eq!(warning.summary, "This provider makes no call to RDS");
    assert!(warning.detail.contains("set endpoints[\"das\"]"));
}

#[test]
fn the_description_of_endpoints_names_every_key() {
    let block = ProviderBlock::schema("");
    let words = format!("{:?}", block.attributes["endpoints"].description);
    for api in apis::ALL {
        for key in [api.key].iter().chain(api.other_keys) {
            assert!(words.contains(&format!("`{key}`")), "{key}: {words}");
        }
    }
}
