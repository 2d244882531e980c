//! Reading the rows of a list so that one odd row does not hide the others.
//!
//! A service writes what its database says: a name that is not text, half of a surrogate pair, a null in the middle.
//! Such a row keeps its place in the list, and its id when that can be read, so that the others are still found and the
//! session itself is still seen to be there; but nothing else of it is believed.

use std::collections::HashMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::loose_json::Text;

/// What a row of a list is read as.
pub(super) trait Record: DeserializeOwned {
    /// The fields that can have its id; the first that has one counts.
    const ID: &'static [&'static str] = &["id"];
}

/// One row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row<T> {
    /// It is what the API document says.
    Whole(T),
    /// It is not; its id, when that much can be read.
    Odd {
        /// The row's id, as text.
        id: Option<String>,
    },
}

/// Reads a list row by row. Null is an empty list; a list that is missing is an error of the whole answer, since an
/// answer without the list says nothing about who is there.
pub(super) fn rows<'de, D, T>(deserializer: D) -> Result<Vec<Row<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Record,
{
    let rows = Option::<Vec<&'de RawValue>>::deserialize(deserializer)?;
    Ok(rows.unwrap_or_default().into_iter().map(row).collect())
}

/// Reads a list that has other names in other answers, so that it may be missing under this one.
pub(super) fn some_rows<'de, D, T>(deserializer: D) -> Result<Option<Vec<Row<T>>>, D::Error>
where
    D: Deserializer<'de>,
    T: Record,
{
    rows(deserializer).map(Some)
}

fn row<T: Record>(raw: &RawValue) -> Row<T> {
    // serde reads a list as a struct's fields in order.
    let text = raw.get();
    if !text.trim_start().starts_with('{') {
        return Row::Odd { id: None };
    }
    match serde_json::from_str(text) {
        Ok(record) => Row::Whole(record),
        Err(_) => Row::Odd { id: id::<T>(text) },
    }
}

/// The id of an odd row. Whatever else is in it is passed over without being looked at.
fn id<T: Record>(row: &str) -> Option<String> {
    let fields: HashMap<String, &RawValue> = serde_json::from_str(row).ok()?;
    let mut ids = T::ID.iter().filter_map(|name| fields.get(*name));
    let id: Text = serde_json::from_str(ids.next()?.get()).ok()?;
    Some(id.0)
}

/// The statement that a session runs, as the answer's own text.
///
/// It is decoded by [`Statement::text`] alone: it may be long, hold personal data, or be no proper text, and most kills
/// have no use for it. For the same reason nothing of it is in its `Debug` form: what is printed ends up in logs.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Statement(Option<Box<RawValue>>);

impl Statement {
    /// The statement. `Err` when it is there but is no text.
    ///
    /// # Errors
    /// The statement is there, but it is not a text, or has half of a surrogate pair in it.
    pub fn text(&self) -> Result<Option<String>, serde_json::Error> {
        match &self.0 {
            Some(raw) => serde_json::from_str(raw.get()),
            None => Ok(None),
        }
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement").finish_non_exhaustive()
    }
}

/// A text that may be missing or null, and that may be written as a number.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Text>::deserialize(deserializer)?.map(|text| text.0))
}

#[cfg(test)]
mod tests;
