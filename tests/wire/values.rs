//! Strange values, in MessagePack and JSON.

use prost::bytes::Bytes;
use serde_json::{Value, json};

use crate::client::{
    bytes, decoded, json_bytes, messagepack, note, null, path, read, summaries, validate,
};
use crate::host::Host;

#[tokio::test]
async fn a_strange_value_is_a_diagnostic_that_says_where() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    let with = |key: &str, value: Value| {
        let mut strange = note("x");
        strange[key] = value;
        messagepack(&strange)
    };
    let whole = messagepack(&note("x")).msgpack;
    let mut missing = note("x");
    missing.as_object_mut().unwrap().remove("labels");
    let mut deep = vec![0x91; 1_000_000];
    deep.push(0xc0);
    let cases = [
        ("a number for a string", with("text", json!(1)), "text"),
        (
            "a string for a number",
            with("numbers", json!([1, 2, 3, "secret"])),
            "numbers[3]",
        ),
        (
            "a list for a map",
            with("labels", json!(["secret"])),
            "labels",
        ),
        (
            "a map for a string",
            with("labels", json!({"k": {"secret": 1}})),
            "labels[\"k\"]",
        ),
        (
            "a string in a block",
            with("limits", json!([{"most": "secret"}])),
            "limits[0].most",
        ),
        (
            "a stranger in a block",
            with("limits", json!([{"secretly": 1}])),
            "limits[0]",
        ),
        ("a stranger", with("secretly", json!(1)), ""),
        ("a fraction", with("numbers", json!([1.5])), "numbers"),
        ("nothing", null(), ""),
        ("a missing attribute", messagepack(&missing), ""),
        ("half a value", bytes(&whole[..whole.len() / 2]), "*"),
        (
            "a value and a half",
            bytes(&[&whole[..], &[0xc0]].concat()),
            "",
        ),
        ("a byte nobody uses", bytes(&[0xc1]), ""),
        ("text that is none", bytes(&[0x81, 0xa1, 0xff, 0xc0]), ""),
        (
            "a list of four thousand million",
            bytes(&[0xdd, 0xff, 0xff, 0xff, 0xff]),
            "",
        ),
        (
            "a map of four thousand million",
            bytes(&[0xdf, 0xff, 0xff, 0xff, 0xff]),
            "",
        ),
        ("a million lists in each other", bytes(&deep), ""),
        ("JSON that is none", json_bytes(b"{\"text\":"), ""),
        (
            "JSON with a stranger",
            json_bytes(br#"{"secretly": 1}"#),
            "",
        ),
        (
            "JSON of the wrong type",
            json_bytes(br#"{"numbers": ["secret"]}"#),
            "numbers[0]",
        ),
        ("a million JSON lists", json_bytes(&[b'['; 1_000_000]), ""),
    ];

    for (what, value, at) in cases {
        let diagnostics = validate(&mut provider, value).await;

        assert_eq!(summaries(&diagnostics), ["Unreadable value"], "{what}");
        assert!(
            at == "*" || path(&diagnostics[0]) == at,
            "{what}: {diagnostics:?}"
        );
        assert!(
            !format!("{diagnostics:?}").contains("secret\""),
            "{what}: {diagnostics:?}"
        );
    }
    assert!(
        validate(&mut provider, messagepack(&note("x")))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn json_is_as_good_as_messagepack() {
    let host = Host::start().await;
    let value = json_bytes(note("warn").to_string().as_bytes());

    let diagnostics = validate(&mut host.provider().await, value).await;

    assert_eq!(summaries(&diagnostics), ["Doubtful"]);
}

#[tokio::test]
async fn random_bytes_do_not_end_the_plugin() {
    use rand::{RngCore, SeedableRng};

    let host = Host::start().await;
    let mut provider = host.provider().await;
    let mut random = rand::rngs::StdRng::seed_from_u64(6);
    let whole = messagepack(&note("x")).msgpack.to_vec();
    for round in 0..500_usize {
        let mut strange = whole.clone();
        match round % 2 {
            0 => random.fill_bytes(&mut strange),
            _ => {
                let at = random.next_u32() as usize % strange.len();
                strange[at] = random.next_u32().to_be_bytes()[0];
            }
        }
        validate(&mut provider, bytes(&strange)).await;
        validate(&mut provider, json_bytes(&strange)).await;
        read(&mut provider, bytes(&strange), strange.clone().into()).await;
    }

    assert!(host.admits(Some(&host.identity)).await);
}

#[tokio::test]
async fn a_private_state_that_is_none_is_a_diagnostic() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    for private in [&[0xc1][..], &[0xa5, b'x'], &[0x91; 100_000]] {
        let state = messagepack(&note("x"));
        let read = read(&mut provider, state.clone(), private.to_vec().into()).await;

        assert_eq!(summaries(&read.diagnostics), ["Unreadable private state"]);
        assert_eq!(read.new_state, Some(state));
    }
}

#[tokio::test]
async fn a_million_elements_take_bounded_memory() {
    let host = Host::start().await;
    let mut provider = host.provider().await;
    validate(&mut provider, messagepack(&note("x"))).await;
    let before = host.peak_memory();
    let mut many = note("x");
    many["numbers"] = (0..1_000_000_i64).map(|number| i64::MAX - number).collect();
    let many = messagepack(&many);
    let payload = many.msgpack.len() as u64;

    assert!(validate(&mut provider, many.clone()).await.is_empty());
    let validated = host.peak_memory() - before;
    let read = read(&mut provider, many.clone(), Bytes::new()).await;
    assert_eq!(
        decoded(read.new_state)["numbers"].as_array().unwrap().len(),
        1_000_000
    );
    let read = host.peak_memory() - before;

    println!("payload {payload}, validate {validated}, read {read} bytes");
    assert!(
        read < 15 * payload,
        "{read} bytes for a payload of {payload}"
    );
}
