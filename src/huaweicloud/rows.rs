//! Reading the rows of a list so that one odd row does not hide the others.
//!
//! A service writes what its database says: a name that is not text, half of a surrogate pair, a null in the middle.
//! Such a row keeps its place in the list, and its id when that can be read, so that the others are still found and the
//! session itself is still seen to be there; but nothing else of it is believed.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::lenient::Text;

/// One row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row<T> {
    /// It is what the API document says.
    Whole(T),
    /// It is not; its id, when that much can be read.
    Odd {
        /// The row's `id`, as text.
        id: Option<String>,
    },
}

/// What is left of an odd row. Whatever else is in it is passed over without being looked at.
#[derive(Deserialize)]
struct Named {
    id: Text,
}

/// Reads a list row by row. Null is an empty list; a list that is missing is an error of the whole answer, since an
/// answer without the list says nothing about who is there.
pub(super) fn rows<'de, D, T>(deserializer: D) -> Result<Vec<Row<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let rows = Option::<Vec<&'de RawValue>>::deserialize(deserializer)?;
    Ok(rows.unwrap_or_default().into_iter().map(row).collect())
}

fn row<T: DeserializeOwned>(raw: &RawValue) -> Row<T> {
    // serde reads a list as a struct's fields in order.
    let text = raw.get();
    if !text.trim_start().starts_with('{') {
        return Row::Odd { id: None };
    }
    match serde_json::from_str(text) {
        Ok(record) => Row::Whole(record),
        Err(_) => Row::Odd {
            id: (serde_json::from_str::<Named>(text).ok()).map(|named| named.id.0),
        },
    }
}

/// A text that may be missing or null, and that may be written as a number.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Text>::deserialize(deserializer)?.map(|text| text.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Person {
        #[serde(deserialize_with = "super::super::lenient::text")]
        id: String,
        #[serde(default, deserialize_with = "text")]
        name: Option<String>,
    }

    #[derive(Deserialize)]
    struct List {
        #[serde(deserialize_with = "rows")]
        people: Vec<Row<Person>>,
    }

    fn whole(id: &str, name: Option<&str>) -> Row<Person> {
        Row::Whole(Person {
            id: id.to_owned(),
            name: name.map(ToOwned::to_owned),
        })
    }

    fn odd(id: Option<&str>) -> Row<Person> {
        Row::Odd {
            id: id.map(ToOwned::to_owned),
        }
    }

    #[test]
    fn an_odd_row_keeps_its_place_and_its_id_and_hides_nobody() {
        let json = r#"{"people": [
            {"id": "1", "name": "ann"},
            {"id": 2, "name": 17},
            null,
            {"id": 3, "name": "\ud800 half of a pair"},
            {"id": 4, "name": ["a", "list"]},
            {"name": "nobody"},
            ["5", "in order"],
            {"id": {}, "name": "six"},
            {"id": "7", "name": null, "unknown": "\udc00"},
            {"id": "8"}
        ]}"#;

        let list: List = serde_json::from_str(json).unwrap();

        assert_eq!(
            list.people,
            [
                whole("1", Some("ann")),
                whole("2", Some("17")),
                odd(None),
                odd(Some("3")),
                odd(Some("4")),
                odd(None),
                odd(None),
                odd(None),
                whole("7", None),
                whole("8", None),
            ]
        );
    }

    #[test]
    fn null_is_an_empty_list_and_a_missing_list_is_none() {
        assert_eq!(
            serde_json::from_str::<List>(r#"{"people": null}"#)
                .unwrap()
                .people,
            []
        );
        for json in ["{}", r#"{"error_code": "X"}"#, r#"{"people": {}}"#] {
            assert!(serde_json::from_str::<List>(json).is_err(), "{json}");
        }
    }
}
