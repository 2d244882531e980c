//! A provider mirror as `make dist` lays it out, made of the program under test, and a server for it.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use tempfile::TempDir;

use super::engines::{Engine, Product};
use super::leash::{Leash, run};
use super::{built_programs, eventually, free_port, python, repository};

/// The version that Cargo.toml gives the provider, and so the mirror.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The program that packs releases, with a time of its own: there need be no git here that knows the commit's.
pub fn dist() -> Command {
    let mut command = Command::new(python::python());
    command
        .arg(repository().join("scripts/dist.py"))
        .env("SOURCE_DATE_EPOCH", "1767225600");
    command
}

/// A filesystem mirror in a temporary folder, which is a network mirror when it is served.
pub struct Mirror {
    folder: TempDir,
}

/// A server of a mirror over https. It ends with this value.
pub struct MirrorServer {
    /// Where it serves, with the slash at the end that engines ask for.
    pub url: String,
    /// The file with the certificate to trust.
    pub certificate: PathBuf,
    /// Keeps the certificate's file.
    _folder: TempDir,
    _server: Leash,
}

impl Mirror {
    /// Packs the program under test as a release is packed.
    pub fn of_the_program_under_test() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        run(dist()
            .arg("--binary")
            .arg(built_programs().join("terraform-provider-hwc"))
            .arg("--output")
            .arg(folder.path()));
        Self { folder }
    }

    /// Another one of the same packages, for tests that change it.
    pub fn copy(&self) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        run(Command::new("cp")
            .arg("-r")
            .arg(self.path())
            .arg(folder.path()));
        Self { folder }
    }

    /// The folder to name in a `filesystem_mirror` block.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("mirror")
    }

    /// The package for this machine, where that engine looks for it.
    pub fn package(&self, engine: &Engine) -> PathBuf {
        let index = self.index(engine);
        let (_, archive) = only_archive(&index);
        let name = archive["url"].as_str().expect("an archive has a url");
        self.place(engine).join(name)
    }

    /// The hash of what is in the package, as the mirror's index gives it.
    pub fn h1(&self, engine: &Engine) -> String {
        let index = self.index(engine);
        let (_, archive) = only_archive(&index);
        let hashes = archive["hashes"].as_array().expect("an archive has hashes");
        hashes
            .iter()
            .filter_map(Value::as_str)
            .find(|hash| hash.starts_with("h1:"))
            .expect("an archive has an h1 hash")
            .to_owned()
    }

    /// Serves it over https, with a certificate of its own, on a free loopback port.
    pub fn serve(&self) -> MirrorServer {
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec![Ipv4Addr::LOCALHOST.to_string()])
            .and_then(|parameters| parameters.self_signed(&key))
            .expect("a certificate");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("certificate.pem");
        std::fs::write(&file, certificate.pem()).expect("the certificate's file");
        let key_file = folder.path().join("key.pem");
        std::fs::write(&key_file, key.serialize_pem()).expect("the key's file");

        let port = free_port();
        let script = repository().join("tests/support/serve_folder.py");
        let arguments = [&script, &self.path(), &file, &key_file].map(|path| text(path));
        let server = Leash::start(
            tempfile::tempdir().expect("a temporary folder"),
            &python::python(),
            &[arguments.as_slice(), &[port.to_string()]].concat(),
        );
        eventually("the mirror's server", || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                .map_err(|error| format!("{error}: {}", server.log()))
        });
        MirrorServer {
            url: format!("https://{}:{port}/", Ipv4Addr::LOCALHOST),
            certificate: file,
            _folder: folder,
            _server: server,
        }
    }

    fn index(&self, engine: &Engine) -> Value {
        let file = self.place(engine).join(format!("{VERSION}.json"));
        let text = std::fs::read_to_string(file).expect("the index of the version");
        serde_json::from_str(&text).expect("the index is JSON")
    }

    fn place(&self, engine: &Engine) -> PathBuf {
        let host = match engine.product {
            Product::Terraform => "registry.terraform.io",
            Product::OpenTofu => "registry.opentofu.org",
        };
        self.path().join(host).join("hwc-ops/hwc")
    }
}

fn only_archive(index: &Value) -> (&String, &Value) {
    let archives = index["archives"]
        .as_object()
        .expect("the index has archives");
    assert_eq!(archives.len(), 1, "one program is one archive");
    archives.iter().next().expect("one archive")
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}
