//! What a create already knows, in case it does not live to say it.
//!
//! A create that panics after it has changed something, or whose state cannot be encoded, must not leave nothing in
//! state: the next apply would do it again, and nobody would know that it was done before. Its resource then goes into
//! state, tainted, as it was planned, with what [`record`] was told on the way. What nobody knows is null.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;

use prost::bytes::Bytes;
use rmpv::Value;
use serde::Serialize;

use super::proto::tfplugin6::DynamicValue;

tokio::task_local! {
    /// What the create of this task has told so far.
    static RECORD: RefCell<Record>;
}

/// Attributes of a resource, by name.
#[derive(Debug, Default)]
pub(crate) struct Record {
    attributes: BTreeMap<&'static str, Value>,
    created: bool,
}

/// Remembers the value of an attribute while its resource is being created.
///
/// It goes into state only when the create panics; otherwise the state that the create returns does. Anywhere else,
/// as in an action, it does nothing.
pub fn record<T: Serialize>(attribute: &'static str, value: &T) {
    let Ok(encoded) = rmp_serde::to_vec_named(value) else {
        return;
    };
    let Ok(value) = rmpv::decode::read_value(&mut encoded.as_slice()) else {
        return;
    };
    // Outside of a create there is no record.
    _ = RECORD.try_with(|record| record.borrow_mut().attributes.insert(attribute, value));
}

/// Remembers that the create has come to its end and has a state.
pub(crate) fn created() {
    _ = RECORD.try_with(|record| record.borrow_mut().created = true);
}

/// Runs a create, and gives back what it told on the way.
pub(crate) async fn recorded<T>(create: impl Future<Output = T>) -> (T, Record) {
    let told = async {
        let outcome = create.await;
        (outcome, RECORD.with(RefCell::take))
    };
    RECORD.scope(RefCell::default(), told).await
}

impl Record {
    /// Whether the create has come to its end and has a state.
    pub(crate) fn is_created(&self) -> bool {
        self.created
    }

    /// The planned state with what was told; the rest of what the plan did not know is null.
    pub(crate) fn state(self, planned: &[u8]) -> Option<DynamicValue> {
        let mut state = rmpv::decode::read_value(&mut &*planned).ok()?;
        if let Value::Map(members) = &mut state {
            for (name, value) in members {
                if let Some(told) = name.as_str().and_then(|name| self.attributes.get(name)) {
                    *value = told.clone();
                }
            }
        }
        let mut encoded = Vec::with_capacity(planned.len());
        rmpv::encode::write_value(&mut encoded, &known(state)).ok()?;
        Some(DynamicValue {
            msgpack: Bytes::from(encoded),
            json: Bytes::new(),
        })
    }
}

/// The value with null for everything unknown, which is the only thing that is encoded as an extension.
fn known(value: Value) -> Value {
    match value {
        Value::Ext(..) => Value::Nil,
        Value::Array(elements) => Value::Array(elements.into_iter().map(known).collect()),
        Value::Map(members) => Value::Map(
            members
                .into_iter()
                .map(|(name, value)| (name, known(value)))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn planned() -> Vec<u8> {
        let unknown = || Value::Ext(0, vec![0]);
        let with_refinements = Value::Ext(12, vec![0x81, 0x01, 0xc2]);
        let planned = Value::Map(vec![
            ("id".into(), unknown()),
            ("job".into(), with_refinements),
            (
                "list".into(),
                Value::Array(vec![unknown(), i64::MAX.into()]),
            ),
            ("limits".into(), Value::Map(vec![("a".into(), unknown())])),
        ]);
        let mut encoded = Vec::new();
        rmpv::encode::write_value(&mut encoded, &planned).unwrap();
        encoded
    }

    fn state(record: Record) -> Value {
        let state = record.state(&planned()).unwrap();
        rmpv::decode::read_value(&mut state.msgpack.as_ref()).unwrap()
    }

    #[test]
    fn what_nobody_knows_is_null() {
        assert_eq!(
            state(Record::default()),
            Value::Map(vec![
                ("id".into(), Value::Nil),
                ("job".into(), Value::Nil),
                (
                    "list".into(),
                    Value::Array(vec![Value::Nil, i64::MAX.into()])
                ),
                ("limits".into(), Value::Map(vec![("a".into(), Value::Nil)])),
            ])
        );
    }

    #[tokio::test]
    async fn what_was_told_before_the_end_is_kept() {
        let ((), told) = recorded(async {
            record("job", &"7");
            record("unplanned", &"nobody asked");
        })
        .await;

        assert_eq!(state(told)["job"], Value::from("7"));
    }

    #[test]
    fn outside_of_a_create_nobody_listens() {
        record("job", &"7");
    }
}
