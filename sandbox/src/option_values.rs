//! Values that options of several services take.

use secrecy::SecretString;

/// Reads a secret from the command line.
pub(crate) fn secret(text: &str) -> Result<SecretString, String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    Ok(text.into())
}
