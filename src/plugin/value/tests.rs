#![allow(clippy::unwrap_used)]

use tf_provider::value::ValueNumber;

use super::*;
use crate::plugin::value_type::{Member, WhenMissing};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Timeout {
    timeout: ValueNumber,
}

fn timeout() -> ValueType {
    let member = Member {
        value_type: ValueType::Number,
        when_missing: WhenMissing::Null,
    };
    ValueType::Object([("timeout".to_owned(), member)].into())
}

fn decode(json: &str) -> Result<Timeout, String> {
    let (value_type, mut diags) = (timeout(), Diagnostics::default());
    let value = DynamicValue {
        json: json.to_owned().into(),
        ..Default::default()
    };
    let received = Received::read(Some(value), &value_type, "the configuration", &mut diags);
    let decoded = received
        .as_ref()
        .and_then(|received| received.decode(&mut diags));
    // RUST_BACKTRACE makes tf-provider append a backtrace.
    decoded.ok_or_else(|| {
        diags.errors[0]
            .detail
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    })
}

#[test]
fn numbers_of_64_bits_are_exact() {
    for number in [0, -1, i64::MIN, i64::MAX, 9_007_199_254_740_993] {
        let decoded = decode(&format!(r#"{{"timeout": {number}}}"#));
        assert_eq!(
            decoded,
            Ok(Timeout {
                timeout: ValueNumber::Value(number)
            })
        );
    }
}

#[test]
fn a_number_that_the_resource_cannot_hold_is_reported_at_its_attribute() {
    for number in [
        "1.5",
        "1e300",
        "9223372036854775808",
        "-9223372036854775809",
    ] {
        assert_eq!(
            decode(&format!(r#"{{"timeout": {number}}}"#)).unwrap_err(),
            "In the configuration, timeout: this provider cannot hold the value given here; it takes a whole \
             number of at most 64 bits.",
            "{number}"
        );
    }
}

#[test]
fn nothing_is_not_a_configuration() {
    assert_eq!(
        decode("null").unwrap_err(),
        "In the configuration: expected an object, got null."
    );
}

#[test]
fn an_absent_value_is_null() {
    let (value_type, mut diags) = (timeout(), Diagnostics::default());
    assert!(
        Received::read(None, &value_type, "the prior state", &mut diags)
            .unwrap()
            .is_null()
    );
    assert_eq!(
        decode_private::<ValueNumber>(&[], &mut diags),
        Some(ValueNumber::Null)
    );
}
