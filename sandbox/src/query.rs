//! The query of a list call, and the page that it asks for.

use std::ops::RangeInclusive;

/// Name and value pairs; of a name given twice the first counts.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(query: Option<&str>) -> Self {
        let query = query.unwrap_or_default();
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The value of a name; an empty one counts as missing.
    pub fn get(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(known, _)| known == name)?;
        Some(pair.1.as_str()).filter(|value| !value.is_empty())
    }

    /// A number in the range; the error says what is wrong with it.
    pub fn number(
        &self,
        name: &str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, String> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ if *range.end() == usize::MAX => Err(format!(
                "{name} must be {} or more, not {text:?}",
                range.start()
            )),
            _ => Err(format!(
                "{name} must be {} to {}, not {text:?}",
                range.start(),
                range.end()
            )),
        }
    }
}

/// The part of a list that a call asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub offset: usize,
    pub limit: usize,
}

/// The rows of a page.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    pub rows: Vec<T>,
    /// Rows in the whole list.
    pub total: usize,
}

impl Page {
    /// Every row.
    pub const WHOLE: Self = Self {
        offset: 0,
        limit: usize::MAX,
    };

    /// Reads `limit`, which is `default` when it is missing, and `offset`; the error says what is wrong with them.
    pub fn read(
        query: &Query,
        default: usize,
        limits: RangeInclusive<usize>,
    ) -> Result<Self, String> {
        Ok(Self {
            limit: query.number("limit", default, limits)?,
            offset: query.number("offset", 0, 0..=usize::MAX)?,
        })
    }

    /// This part of a list.
    pub fn of<T>(self, list: Vec<T>) -> Rows<T> {
        Rows {
            total: list.len(),
            rows: list
                .into_iter()
                .skip(self.offset)
                .take(self.limit)
                .collect(),
        }
    }
}

impl<T> Rows<T> {
    /// The same page with other rows.
    pub fn map<U>(self, row: impl FnMut(T) -> U) -> Rows<U> {
        Rows {
            rows: self.rows.into_iter().map(row).collect(),
            total: self.total,
        }
    }
}

#[cfg(test)]
mod tests;
