//! Where a value differs from its schema, and how.

use std::borrow::Cow;

use tf_provider::{AttributePath, AttributePathStep};

/// A value that is not what the schema says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// The attribute, as far down as it is known.
    pub(crate) path: AttributePath,
    /// What is wrong with it, without the value itself: it may be a secret.
    pub(crate) problem: String,
}

impl Mismatch {
    pub(crate) fn expected(trail: &Trail<'_>, expectation: &str, found: &str) -> Self {
        Self::at(trail, format!("expected {expectation}, got {found}"))
    }

    pub(crate) fn at(trail: &Trail<'_>, problem: impl Into<String>) -> Self {
        Self {
            path: trail.path(),
            problem: problem.into(),
        }
    }
}

/// The way from the root to the value being looked at.
///
/// Steps are borrowed where they can be: a trail through a million elements allocates nothing, and becomes an [`AttributePath`] only when
/// there is something to report.
#[derive(Debug, Default)]
pub(crate) struct Trail<'a> {
    steps: Vec<Step<'a>>,
}

/// One step down.
#[derive(Clone, Debug)]
pub(crate) enum Step<'a> {
    Attribute(&'a str),
    Key(Cow<'a, str>),
    Index(usize),
    /// Into a set, whose elements have no address of their own.
    Element,
}

impl<'a> Trail<'a> {
    pub(crate) fn down(&mut self, step: Step<'a>) {
        self.steps.push(step);
    }

    pub(crate) fn up(&mut self) {
        self.steps.pop();
    }

    /// The path for a diagnostic: to the innermost thing that has an address.
    fn path(&self) -> AttributePath {
        let steps = self.steps.iter().map_while(|step| match step {
            Step::Attribute(name) => Some(AttributePathStep::Attribute((*name).to_owned().into())),
            Step::Key(key) => Some(AttributePathStep::Key(key.clone().into_owned().into())),
            Step::Index(index) => Some(AttributePathStep::Index(
                i64::try_from(*index).unwrap_or(i64::MAX),
            )),
            Step::Element => None,
        });
        AttributePath {
            steps: steps.collect(),
        }
    }
}
