//! Reading the rows of a list so that one odd row does not hide the others.
//!
//! A service writes what its database says: a name that is not text, half of a surrogate pair, a null in the middle.
//! Such a row keeps its place in the list, and its id when that can be read, so that the others are still found and the
//! session itself is still seen to be there; but nothing else of it is believed.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::loose_json::Text;

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
mod tests;
