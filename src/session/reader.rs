//! Reads the selectors of single services.

use std::borrow::Borrow;
use std::time::Duration;

use super::duration;
use super::problem::{Problem, SelectorError};
use super::selector::plain;

/// Reads the attributes of one `select` block, and keeps every problem it meets on the way.
#[derive(Debug, Default)]
pub(super) struct Reader {
    errors: Vec<SelectorError>,
    conditions: Vec<&'static str>,
    exclusions: bool,
}

impl Reader {
    /// Notes a problem.
    pub(super) fn refuse(
        &mut self,
        attribute: &'static str,
        index: Option<usize>,
        problem: Problem,
    ) {
        self.errors.push(SelectorError {
            attribute,
            index,
            problem,
        });
    }

    /// Reads a condition that is a list, element by element. What is wrong is noted, and the rest is read on.
    pub(super) fn list<T: Borrow<V>, V: ?Sized, R>(
        &mut self,
        attribute: &'static str,
        values: Option<&[T]>,
        read: impl Fn(&V) -> Result<R, Problem>,
    ) -> Option<Vec<R>> {
        let values = values?;
        self.conditions.push(attribute);
        if values.is_empty() {
            self.refuse(attribute, None, Problem::EmptyList);
        }
        Some(self.elements(attribute, values, read))
    }

    /// Reads `exclude_users`. An empty list is fine here: it takes nobody away.
    pub(super) fn excluded_users(
        &mut self,
        excluded: Option<&[String]>,
        users: Option<&[String]>,
    ) -> Vec<String> {
        const ATTRIBUTE: &str = "exclude_users";
        let excluded = excluded.unwrap_or_default();
        self.exclusions = !excluded.is_empty();
        let chosen = users.unwrap_or_default();
        self.elements(ATTRIBUTE, excluded, |user: &str| {
            let name = plain(user)?;
            if chosen.contains(&name) {
                return Err(Problem::ChosenAndExcluded {
                    value: name,
                    chosen: "users",
                });
            }
            Ok(name)
        })
    }

    /// Reads a condition that is a least duration.
    pub(super) fn minimum(
        &mut self,
        attribute: &'static str,
        text: Option<&str>,
    ) -> Option<Duration> {
        let duration = self.maximum(attribute, text)?;
        if duration.is_zero() {
            let value = text.unwrap_or_default().to_owned();
            self.refuse(attribute, None, Problem::ZeroMinimum { value });
        }
        Some(duration)
    }

    /// Reads a condition that is a greatest duration.
    pub(super) fn maximum(
        &mut self,
        attribute: &'static str,
        text: Option<&str>,
    ) -> Option<Duration> {
        let text = text?;
        self.conditions.push(attribute);
        match duration::parse(text) {
            Ok(duration) => Some(duration),
            Err(error) => {
                self.refuse(attribute, None, error.into());
                None
            }
        }
    }

    /// Ends the reading: weighs `all` against what was given, and hands over every problem there is.
    pub(super) fn finish(mut self, all: bool) -> Result<(), Vec<SelectorError>> {
        let conditions = std::mem::take(&mut self.conditions);
        match (all, conditions.is_empty()) {
            (true, false) => self.refuse("all", None, Problem::AllWithConditions { conditions }),
            (false, true) if self.exclusions => self.refuse("all", None, Problem::OnlyExclusions),
            (false, true) => self.refuse("all", None, Problem::NothingSelected),
            (true, true) | (false, false) => {}
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors)
        }
    }

    fn elements<T: Borrow<V>, V: ?Sized, R>(
        &mut self,
        attribute: &'static str,
        values: &[T],
        read: impl Fn(&V) -> Result<R, Problem>,
    ) -> Vec<R> {
        let mut read_values = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            match read(value.borrow()) {
                Ok(value) => read_values.push(value),
                Err(problem) => self.refuse(attribute, Some(index), problem),
            }
        }
        read_values
    }
}

/// Whether a condition holds; one that is not given always does.
pub(super) fn holds<C>(condition: &Option<C>, meets: impl FnOnce(&C) -> bool) -> bool {
    condition.as_ref().is_none_or(meets)
}
