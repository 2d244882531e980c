//! The credentials file of the official SDKs: an INI file, whose section `basic` is for services of a project, as DCS and
//! TaurusDB are.

use std::path::Path;

use ini::{Ini, ParseOption, Properties};
use zeroize::Zeroizing;

use super::inputs::Inputs;
use crate::huaweicloud::error::{CredentialProblem, SdkFileFlaw};
use crate::huaweicloud::home;

/// Where the SDKs look in the user's home when the variable `HUAWEICLOUD_SDK_CREDENTIALS_FILE` names no file.
const DEFAULT_PATH: &str = "~/.huaweicloud/credentials";

/// The section for services of a project.
const SECTION: &str = "basic";

/// What the file gives.
#[derive(Clone, Debug, Default)]
pub struct SdkFile {
    /// Keys (`ak`, `sk`, `security_token`), or what an id token is exchanged with (`idp_id`, `id_token_file`).
    pub given: Inputs,
    /// The project: `project_id`.
    pub project_id: Option<String>,
    /// The URL of IAM: `iam_endpoint`.
    pub iam_endpoint: Option<String>,
}

impl SdkFile {
    /// Reads the file that is named, else the one in the user's home. `None`: no file is named, and the one in the home
    /// is not there or has no section `basic`.
    ///
    /// # Errors
    ///
    /// When a file is named and has no credentials, or when one cannot be read or understood.
    pub fn read(
        named: Option<&str>,
        user_home: Option<&Path>,
    ) -> Result<Option<Self>, CredentialProblem> {
        let path = match (named, user_home) {
            (Some(path), _) => path,
            (None, Some(_)) => DEFAULT_PATH,
            (None, None) => return Ok(None),
        };
        let path = home::expand(path, user_home)
            .map_err(|reason| unusable(Path::new(path), SdkFileFlaw::NotFound(reason)))?;
        if named.is_none() && !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path)
            .map(Zeroizing::new)
            .map_err(|reason| unusable(&path, SdkFileFlaw::Unreadable(reason.to_string())))?;
        let options = ParseOption {
            enabled_escape: false,
            enabled_quote: false,
            ..ParseOption::default()
        };
        // The parser's own message may quote a line, and with it a secret.
        let file = Ini::load_from_str_opt(&text, options)
            .map_err(|error| unusable(&path, SdkFileFlaw::Malformed { line: error.line }))?;
        match (file.section(Some(SECTION)), named) {
            (Some(section), _) => Ok(Some(Self::of(section))),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(unusable(&path, SdkFileFlaw::NoSection)),
        }
    }

    fn of(section: &Properties) -> Self {
        let text = |name: &str| {
            let value = section.get(name).map(str::trim)?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        let secret = |name: &str| text(name).map(Into::into);
        let keys = Inputs {
            access_key: text("ak"),
            secret_key: secret("sk"),
            security_token: secret("security_token"),
            ..Inputs::default()
        };
        // As in the SDKs, an identity provider counts only together with its token.
        let given = match (text("idp_id"), text("id_token_file")) {
            (Some(idp_id), Some(id_token_file)) => Inputs {
                idp_id: Some(idp_id),
                id_token_file: Some(id_token_file),
                ..keys
            },
            _ => keys,
        };
        Self {
            given,
            project_id: text("project_id"),
            iam_endpoint: text("iam_endpoint"),
        }
    }
}

fn unusable(path: &Path, flaw: SdkFileFlaw) -> CredentialProblem {
    CredentialProblem::SdkFile {
        path: path.to_owned(),
        flaw,
    }
}

#[cfg(test)]
mod tests;
