//! Diagnostics on their way to the host.

use tf_provider::{AttributePath, AttributePathStep, Diagnostics};

use super::proto::tfplugin6 as wire;

/// The wire's list: errors first, then warnings.
pub(crate) fn to_wire(diags: Diagnostics) -> Vec<wire::Diagnostic> {
    use wire::diagnostic::Severity;

    let errors = diags
        .errors
        .into_iter()
        .map(|error| (Severity::Error, error));
    let warnings = diags
        .warnings
        .into_iter()
        .map(|warning| (Severity::Warning, warning));
    errors
        .chain(warnings)
        .map(|(severity, diagnostic)| wire::Diagnostic {
            severity: severity.into(),
            summary: diagnostic.summary.into_owned(),
            detail: without_backtrace(diagnostic.detail.into_owned()),
            attribute: (!diagnostic.attribute.steps.is_empty())
                .then(|| path_to_wire(diagnostic.attribute)),
        })
        .collect()
}

/// tf-provider appends a backtrace to every diagnostic when RUST_BACKTRACE is set. It tells a user nothing, and is long.
fn without_backtrace(mut detail: String) -> String {
    const FIRST_FRAME: &str = "   0: ";

    let begins = match detail.starts_with(FIRST_FRAME) {
        true => Some(0),
        false => detail.find(&format!("\n{FIRST_FRAME}")),
    };
    detail.truncate(begins.unwrap_or(detail.len()));
    detail
}

/// The wire's path.
pub(crate) fn path_to_wire(path: AttributePath) -> wire::AttributePath {
    use wire::attribute_path::{Step, step::Selector};

    let steps = path.steps.into_iter().map(|step| Step {
        selector: Some(match step {
            AttributePathStep::Attribute(name) => Selector::AttributeName(name.into_owned()),
            AttributePathStep::Key(key) => Selector::ElementKeyString(key.into_owned()),
            AttributePathStep::Index(index) => Selector::ElementKeyInt(index),
        }),
    });
    wire::AttributePath {
        steps: steps.collect(),
    }
}

/// Diagnostics of one error that has no attribute.
pub(crate) fn error(summary: impl Into<String>, detail: impl Into<String>) -> Diagnostics {
    let mut diags = Diagnostics::default();
    diags.root_error(summary.into(), detail.into());
    diags
}

/// Passes `result` on; one that is missing without an error gets the error that it should have had.
pub(crate) fn explain<T>(result: Option<T>, diags: &mut Diagnostics) -> Option<T> {
    if result.is_none() && diags.errors.is_empty() {
        diags.root_error(
            "No result",
            "The provider gave neither a result nor a reason. This is a bug in the provider; please report it.",
        );
    }
    result
}
