//! Paths as users write them, with `~` for their home.

use std::path::{Path, PathBuf};

/// The path with `~` at its start replaced by the user's home.
///
/// # Errors
/// In words, when it is not known where that is.
pub fn expand(path: &str, home: Option<&Path>) -> Result<PathBuf, String> {
    let Some(rest) = path.strip_prefix('~') else {
        return Ok(PathBuf::from(path));
    };
    let is_own = rest.is_empty() || rest.starts_with(['/', '\\']);
    match home {
        _ if !is_own => Err("it is in the home of another user: write its whole path".to_owned()),
        Some(home) => Ok(home.join(rest.trim_start_matches(['/', '\\']))),
        None => Err(
            "it is in the user's home, and the variable HOME does not say where that is: write its whole path"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests;
