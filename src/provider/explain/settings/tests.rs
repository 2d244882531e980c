use std::path::PathBuf;

use super::*;

#[test]
fn each_problem_names_what_is_wrong_and_the_argument_or_variable_that_settles_it() {
    let (path, reason) = (PathBuf::from("/f"), "gone".to_owned());
    for (problem, text) in [
        (
            SettingsProblem::HostName {
                region: "a b".to_owned(),
                cloud: "c".to_owned(),
                reason: "invalid".to_owned(),
            },
            "region \"a b\" and cloud \"c\" form no valid host name: invalid",
        ),
        (
            SettingsProblem::SeveralProjects {
                name: "cn-north-4".to_owned(),
                count: 2,
            },
            "IAM lists 2 projects named \"cn-north-4\". Set project_id in the provider block (HW_PROJECT_ID).",
        ),
        (
            SettingsProblem::Header("X-Auth-Token".to_owned()),
            "the header X-Auth-Token cannot be sent: its value has characters that HTTP does not allow",
        ),
        (
            SettingsProblem::Proxy {
                variable: "ALL_PROXY",
                flaw: ProxyFlaw::Socks,
            },
            "The variable ALL_PROXY names a SOCKS proxy, and this provider knows only HTTP proxies. Set it to an HTTP \
             proxy (http://host:port), or add the host to NO_PROXY.",
        ),
        (
            SettingsProblem::Proxy {
                variable: "HTTPS_PROXY",
                flaw: ProxyFlaw::NoUrl,
            },
            "The variable HTTPS_PROXY is set, but its value is not the URL of a proxy. Write it as http://host:port, or \
             unset it.",
        ),
        (
            TlsProblem::NoAuthority.into(),
            "cacert_file has no certificate in PEM form (-----BEGIN CERTIFICATE-----).",
        ),
        (
            TlsProblem::KeyMissing.into(),
            "There is a client certificate but no key. Set key in the provider block, or the variable OS_KEY.",
        ),
        (
            TlsProblem::CertificateMissing.into(),
            "There is a client key but no certificate. Set cert in the provider block, or the variable OS_CERT.",
        ),
        (
            TlsProblem::NoIdentity.into(),
            "cert and key are not a certificate and a private key in PEM form. The key must not be encrypted.",
        ),
        (
            TlsProblem::AuthoritiesUnreadable {
                path: path.clone(),
                reason: reason.clone(),
            }
            .into(),
            "cacert_file is neither in PEM form nor a file that can be read (/f: gone).",
        ),
        (
            TlsProblem::CertificateUnreadable {
                path,
                reason: reason.clone(),
            }
            .into(),
            "cert is neither in PEM form nor a file that can be read (/f: gone).",
        ),
        (
            TlsProblem::KeyUnreadable { reason }.into(),
            "key is neither a private key in PEM form nor a file that can be read (gone).",
        ),
        (
            TlsProblem::NotSetUp("no provider".to_owned()).into(),
            "TLS cannot be set up: no provider.",
        ),
    ] {
        assert_eq!(advice(&problem), text, "{problem:?}");
    }
}
