//! Where a value differs from its schema, and how.

use std::borrow::Cow;

use tf_provider::{AttributePath, AttributePathStep};

/// A value that is not what the schema says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeError {
    /// The attribute, as far down as it is known.
    pub(crate) path: AttributePath,
    /// What is wrong with it, without the value itself: it may be a secret.
    pub(crate) problem: String,
}

impl TypeError {
    pub(crate) fn expected(path: &ValuePath<'_>, expectation: &str, found: &str) -> Self {
        Self::at(path, format!("expected {expectation}, got {found}"))
    }

    pub(crate) fn at(path: &ValuePath<'_>, problem: impl Into<String>) -> Self {
        Self {
            path: path.attribute_path(),
            problem: problem.into(),
        }
    }
}

/// The way from the root to the value being looked at.
///
/// Steps are borrowed where they can be: a path through a million elements allocates nothing, and becomes an
/// [`AttributePath`] only when
/// there is something to report.
#[derive(Debug, Default)]
pub(crate) struct ValuePath<'a> {
    steps: Vec<PathStep<'a>>,
}

/// One step down.
#[derive(Clone, Debug)]
pub(crate) enum PathStep<'a> {
    Attribute(&'a str),
    Key(Cow<'a, str>),
    Index(usize),
    /// Into a set, whose elements have no address of their own.
    Element,
}

impl<'a> ValuePath<'a> {
    pub(crate) fn push(&mut self, step: PathStep<'a>) {
        self.steps.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.steps.pop();
    }

    /// The path for a diagnostic: to the innermost thing that has an address.
    fn attribute_path(&self) -> AttributePath {
        let steps = self.steps.iter().map_while(|step| match step {
            PathStep::Attribute(name) => {
                Some(AttributePathStep::Attribute((*name).to_owned().into()))
            }
            PathStep::Key(key) => Some(AttributePathStep::Key(key.clone().into_owned().into())),
            PathStep::Index(index) => Some(AttributePathStep::Index(
                i64::try_from(*index).unwrap_or(i64::MAX),
            )),
            PathStep::Element => None,
        });
        AttributePath {
            steps: steps.collect(),
        }
    }
}
