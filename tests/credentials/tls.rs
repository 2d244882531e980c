//! TLS: whom the client trusts, and as whom it presents itself.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use terraform_provider_hwc::huaweicloud::apis;
use terraform_provider_hwc::huaweicloud::client::{Client, Settings};
use terraform_provider_hwc::huaweicloud::credentials::chain::SignIn;
use terraform_provider_hwc::huaweicloud::endpoint::{Endpoints, parse_endpoint};
use terraform_provider_hwc::huaweicloud::error::{Error, SettingsProblem, TlsProblem};
use terraform_provider_hwc::huaweicloud::tls::Tls;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::cloud::{Cloud, nothing};

/// A certificate authority of this test.
pub struct Authority {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

/// A certificate and its private key, in PEM form.
pub struct Identity {
    pub cert: String,
    pub key: String,
    der: rustls::pki_types::CertificateDer<'static>,
    key_der: PrivateKeyDer<'static>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            certificate: params.self_signed(&key).unwrap(),
            key,
        }
    }

    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub fn identity(&self, name: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .signed_by(&key, &self.certificate, &self.key)
            .unwrap();
        Identity {
            cert: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().clone(),
            key_der: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        }
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        Arc::new(roots)
    }
}

/// Speaks TLS in front of `target`, and asks for a client certificate when an authority for them is given. The URL
/// that it serves at.
pub async fn relay(target: &str, server: Identity, clients: Option<&Authority>) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(authority.roots(), provider)
                .build()
                .unwrap(),
        ),
    };
    let config = builder
        .with_single_cert(vec![server.der], server.key_der)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let target = target.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, target) = (acceptor.clone(), target.clone());
            tokio::spawn(async move {
                let Ok(mut client) = acceptor.accept(stream).await else {
                    return;
                };
                let mut server = TcpStream::connect(target).await.unwrap();
                _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    url
}

fn client(cloud: &Cloud, url: &str, tls: Tls) -> Client {
    let mut endpoints = Endpoints::default();
    for service in apis::ALL {
        endpoints.set(service, parse_endpoint(url).unwrap());
    }
    let settings = Settings {
        endpoints,
        project_id: Some(cloud.ready().project_id.clone()),
        tls,
        max_retries: 0,
        request_timeout: Duration::from_secs(10),
        ..Settings::default()
    };
    let sign_in = SignIn {
        variables: cloud.keys(),
        ..nothing()
    };
    Client::new(settings, sign_in.choose().credentials)
}

#[tokio::test]
async fn a_server_is_trusted_through_the_machines_roots_or_the_users_own() {
    let cloud = Cloud::start().await;
    let authority = Authority::new();
    let url = relay(&cloud.ready().url, authority.identity("127.0.0.1"), None).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let with_cacert = |cacert: String, home| Tls {
        cacert: Some(cacert),
        home,
        ..Tls::default()
    };

    let refused = cloud.call(&client(&cloud, &url, Tls::default())).await;
    assert!(matches!(refused, Err(Error::NotSent { .. })), "{refused:?}");
    let other = with_cacert(Authority::new().pem(), None);
    let refused = cloud.call(&client(&cloud, &url, other)).await;
    assert!(matches!(refused, Err(Error::NotSent { .. })), "{refused:?}");

    for tls in [
        with_cacert(authority.pem(), None),
        with_cacert(file.to_str().unwrap().to_owned(), None),
        with_cacert("~/ca.pem".to_owned(), Some(folder.path().to_path_buf())),
        Tls {
            insecure: true,
            ..Tls::default()
        },
    ] {
        cloud.call(&client(&cloud, &url, tls)).await.unwrap();
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let cloud = Cloud::start().await;
    let authority = Authority::new();
    let url = relay(&cloud.ready().url, authority.identity("example.com"), None).await;
    let tls = Tls {
        cacert: Some(authority.pem()),
        ..Tls::default()
    };

    let refused = cloud.call(&client(&cloud, &url, tls)).await;

    assert!(matches!(refused, Err(Error::NotSent { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_asks_for_a_client_certificate_gets_it() {
    let cloud = Cloud::start().await;
    let (servers, clients) = (Authority::new(), Authority::new());
    let url = relay(
        &cloud.ready().url,
        servers.identity("127.0.0.1"),
        Some(&clients),
    )
    .await;
    let identity = clients.identity("ops");
    let without = Tls {
        cacert: Some(servers.pem()),
        ..Tls::default()
    };
    let with = Tls {
        cert: Some(identity.cert),
        key: Some(identity.key.into()),
        ..without.clone()
    };

    cloud
        .call(&client(&cloud, &url, without))
        .await
        .unwrap_err();
    cloud.call(&client(&cloud, &url, with)).await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_certificates_is_told_without_the_key() {
    let cloud = Cloud::start().await;
    let identity = Authority::new().identity("ops");
    let secret = "hunter2-never-print-me";
    type IsTold = fn(&TlsProblem) -> bool;
    let table: [(Tls, IsTold); 6] = [
        (
            Tls {
                cacert: Some("/no/such/file".to_owned()),
                ..Tls::default()
            },
            |problem| matches!(problem, TlsProblem::AuthoritiesUnreadable { path, .. } if path.as_os_str() == "/no/such/file"),
        ),
        (
            Tls {
                cacert: Some("-----BEGIN NONSENSE-----".to_owned()),
                ..Tls::default()
            },
            |problem| *problem == TlsProblem::NoAuthority,
        ),
        (
            Tls {
                cert: Some(identity.cert.clone()),
                ..Tls::default()
            },
            |problem| *problem == TlsProblem::KeyMissing,
        ),
        (
            Tls {
                key: Some(identity.key.clone().into()),
                ..Tls::default()
            },
            |problem| *problem == TlsProblem::CertificateMissing,
        ),
        (
            Tls {
                cert: Some(identity.cert.clone()),
                key: Some(secret.into()),
                ..Tls::default()
            },
            |problem| matches!(problem, TlsProblem::KeyUnreadable { .. }),
        ),
        (
            Tls {
                cert: Some(identity.cert.clone()),
                key: Some(format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{secret}").into()),
                ..Tls::default()
            },
            |problem| *problem == TlsProblem::NoIdentity,
        ),
    ];
    for (tls, is_told) in table {
        let error = cloud
            .call(&client(&cloud, "https://127.0.0.1:9", tls.clone()))
            .await
            .unwrap_err();
        let printed = format!("{error} {error:?} {tls:?}");
        let Error::Settings(SettingsProblem::Tls(problem)) = &error else {
            panic!("{error:?}")
        };
        assert!(is_told(problem), "{problem:?}");
        assert!(!printed.contains(secret), "{printed}");
    }
}
