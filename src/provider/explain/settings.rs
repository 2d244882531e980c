//! What to do about settings with which no call can be sent, in the names of the provider's arguments and variables.

use crate::huaweicloud::error::{ProxyFlaw, SettingsProblem, TlsProblem};

/// What is wrong, and what to do about it.
pub(super) fn advice(problem: &SettingsProblem) -> String {
    match problem {
        SettingsProblem::HostName { .. }
        | SettingsProblem::Header(_)
        | SettingsProblem::NoJson(_) => problem.to_string(),
        SettingsProblem::NoEndpoint { api, region } => {
            let service = api.to_uppercase();
            format!(
                "No request was sent. According to the official SDK, {service} has no host in the region {region}. If there is one, \
                 set endpoints = {{ {api} = \"https://HOST\" }} in the provider block."
            )
        }
        SettingsProblem::SeveralProjects { .. } => {
            format!("{problem}. Set project_id in the provider block (HW_PROJECT_ID).")
        }
        SettingsProblem::Proxy { variable, flaw } => match flaw {
            ProxyFlaw::Socks => format!(
                "The variable {variable} names a SOCKS proxy, and this provider knows only HTTP proxies. Set it to an \
                 HTTP proxy (http://host:port), or add the host to NO_PROXY."
            ),
            ProxyFlaw::NoUrl => format!(
                "The variable {variable} is set, but its value is not the URL of a proxy. Write it as \
                 http://host:port, or unset it."
            ),
        },
        SettingsProblem::Tls(problem) => advice_for_tls(problem),
    }
}

fn advice_for_tls(problem: &TlsProblem) -> String {
    match problem {
        TlsProblem::NoAuthority => {
            "cacert_file has no certificate in PEM form (-----BEGIN CERTIFICATE-----).".to_owned()
        }
        TlsProblem::KeyMissing => {
            "There is a client certificate but no key. Set key in the provider block, or the variable OS_KEY.".to_owned()
        }
        TlsProblem::CertificateMissing => {
            "There is a client key but no certificate. Set cert in the provider block, or the variable OS_CERT."
                .to_owned()
        }
        TlsProblem::NoIdentity => "cert and key are not a certificate and a private key in PEM form. The key must not \
             be encrypted."
            .to_owned(),
        TlsProblem::AuthoritiesUnreadable { path, reason } => format!(
            "cacert_file is neither in PEM form nor a file that can be read ({}: {reason}).",
            path.display()
        ),
        TlsProblem::CertificateUnreadable { path, reason } => format!(
            "cert is neither in PEM form nor a file that can be read ({}: {reason}).",
            path.display()
        ),
        TlsProblem::KeyUnreadable { reason } => format!(
            "key is neither a private key in PEM form nor a file that can be read ({reason})."
        ),
        TlsProblem::BundledRoots(_) => problem.to_string(),
        TlsProblem::NotSetUp(_) => format!("{problem}."),
    }
}

#[cfg(test)]
mod tests;
