//! Identifiers, in whatever form a service gives them.

/// Why an identifier cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct IdError {
    reason: String,
    /// What it is the ID of by its ending, where that is something else: `a node`.
    pub looks_like: Option<&'static str>,
}

impl IdError {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            looks_like: None,
        }
    }

    /// The ID of something else, as its ending tells.
    fn of_another((what, ending): Ending, (other, its): Ending) -> Self {
        Self {
            reason: format!(
                "IDs that end in {its:?} are those of {other}; the ID of {what} ends in {ending:?}"
            ),
            looks_like: Some(other),
        }
    }
}

/// Defines an identifier by the function that checks its form.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::huaweicloud::id::IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> Result<(), Self::Err> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

pub(super) use identifier;

/// Checks an identifier of which the API document says no form: anything that can stand in a path.
pub(super) fn free_form(text: &str) -> Result<(), IdError> {
    let flaw = match text {
        "" => "it is empty",
        "." | ".." => "it is not an identifier",
        _ if text.contains(|c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '/' | '?' | '#' | '\\')
        }) =>
        {
            "it has white space, a slash or another character that no identifier has"
        }
        _ => return Ok(()),
    };
    Err(IdError::new(flaw))
}

/// What an identifier of a service of databases names, and the ending by which it can be told.
pub(super) type Ending = (&'static str, &'static str);

/// Checks an identifier of 32 or 36 letters and digits. One of 36 may end in what tells its kind: then `known` are the endings
/// that tell one, and only `own` will do.
pub(super) fn of_kind(text: &str, own: Ending, known: &[Ending]) -> Result<(), IdError> {
    let (what, _) = own;
    let is_right = matches!(text.len(), 32 | FULL_LENGTH)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let kind = known.iter().find(|(_, ending)| text.ends_with(ending));
    Err(match kind {
        _ if !is_right => IdError::new(format!(
            "the ID of {what} has 32 or {FULL_LENGTH} characters, only letters and digits"
        )),
        Some(kind) if *kind != own && text.len() == FULL_LENGTH => IdError::of_another(own, *kind),
        _ => return Ok(()),
    })
}

/// The length of an identifier that tells by its ending what it names.
const FULL_LENGTH: usize = 36;

/// Checks an identifier of 36 letters and digits that tells by its ending what it names: `("an instance", "in07")`. `others`
/// are the endings of the service's other identifiers.
pub(super) fn with_ending(
    text: &str,
    service: &str,
    own: Ending,
    others: &[Ending],
) -> Result<(), IdError> {
    let (what, ending) = own;
    let is_right =
        text.len() == FULL_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let other = others.iter().find(|(_, other)| text.ends_with(other));
    Err(match other {
        _ if is_right && text.ends_with(ending) => return Ok(()),
        Some(other) if is_right => IdError::of_another(own, *other),
        _ if is_right => IdError::new(format!("the ID of {what} of {service} ends in {ending:?}")),
        _ => IdError::new(format!(
            "the ID of {what} of {service} has {FULL_LENGTH} characters, only letters and digits, and ends in {ending:?}"
        )),
    })
}
