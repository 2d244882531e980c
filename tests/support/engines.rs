//! The engines on this machine that can run the provider: Terraform and OpenTofu, in whatever versions there are.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

use super::{find_program, repository};

/// Whose program an engine is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Product {
    /// HashiCorp's Terraform.
    Terraform,
    /// The Linux Foundation's OpenTofu.
    OpenTofu,
}

/// A program that reads HCL and drives providers.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Whose it is.
    pub product: Product,
    /// Major, minor and patch.
    pub version: (u32, u32, u32),
    /// Where it is.
    pub path: PathBuf,
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, patch) = self.version;
        write!(formatter, "{:?} {major}.{minor}.{patch}", self.product)
    }
}

impl Engine {
    /// Whether it knows provider-defined actions.
    pub fn has_actions(&self) -> bool {
        self.product == Product::Terraform && self.version >= (1, 14, 0)
    }

    /// Whether its tests know providers that are mocked.
    pub fn has_mock_providers(&self) -> bool {
        match self.product {
            Product::Terraform => self.version >= (1, 7, 0),
            Product::OpenTofu => self.version >= (1, 8, 0),
        }
    }

    /// Whether it knows input variables that go neither into state nor into plan files.
    pub fn has_ephemeral_variables(&self) -> bool {
        match self.product {
            Product::Terraform => self.version >= (1, 10, 0),
            Product::OpenTofu => self.version >= (1, 11, 0),
        }
    }

    /// Finds out whose program it is.
    fn identify(path: &Path) -> Option<Self> {
        let output = command(path).arg("version").output().ok()?;
        let product = match output.stdout.starts_with(b"OpenTofu") {
            true => Product::OpenTofu,
            false => Product::Terraform,
        };
        Self::ask(product, path)
    }

    fn ask(product: Product, path: &Path) -> Option<Self> {
        let output = command(path).args(["version", "-json"]).output().ok()?;
        let answer: Value = serde_json::from_slice(&output.stdout).ok()?;
        let text = answer["terraform_version"].as_str()?;
        let mut numbers = text.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
        Some(Self {
            product,
            version: (numbers.next()?, numbers.next()?, numbers.next()?),
            path: path.to_path_buf(),
        })
    }
}

/// The engines in `TEST_ENGINES`, paths as in `PATH`; else every engine here, each version once: the Terraform that a person would get first, then the one that `make setup`
/// installs, then OpenTofu. Panics when there is no Terraform at all.
pub fn all() -> &'static [Engine] {
    static ENGINES: LazyLock<Vec<Engine>> = LazyLock::new(discover);
    &ENGINES
}

/// Runs a test with every engine at once, for tests that mostly wait. Panics when one of them does.
pub fn with_each(test: impl Fn(&Engine) + Sync) {
    std::thread::scope(|scope| {
        for engine in all() {
            let test = &test;
            std::thread::Builder::new()
                .name(engine.to_string())
                .spawn_scoped(scope, move || test(engine))
                .expect("a thread");
        }
    });
}

/// The newest Terraform here: the engine for tests that need only one. `TF_ACC_TERRAFORM_PATH` overrides it.
pub fn newest_terraform() -> &'static Engine {
    let terraforms = || {
        all()
            .iter()
            .filter(|engine| engine.product == Product::Terraform)
    };
    if std::env::var_os("TF_ACC_TERRAFORM_PATH").is_some() {
        return terraforms()
            .next()
            .expect("discovery insists on a Terraform");
    }
    terraforms()
        .max_by_key(|engine| engine.version)
        .expect("discovery insists on a Terraform")
}

fn discover() -> Vec<Engine> {
    if let Some(paths) = std::env::var_os("TEST_ENGINES").filter(|paths| !paths.is_empty()) {
        return std::env::split_paths(&paths)
            .map(|path| {
                Engine::identify(&path).unwrap_or_else(|| panic!("{} is no engine", path.display()))
            })
            .collect();
    }
    let terraforms = [
        preferred_terraform(),
        Some(repository().join(".tools/bin/terraform")),
    ];
    let found = terraforms
        .into_iter()
        .flatten()
        .filter_map(|path| Engine::ask(Product::Terraform, &path))
        .chain(tofu().and_then(|path| Engine::ask(Product::OpenTofu, &path)));
    let mut engines: Vec<Engine> = Vec::new();
    for engine in found {
        if !engines
            .iter()
            .any(|known| (known.product, known.version) == (engine.product, engine.version))
        {
            engines.push(engine);
        }
    }
    assert!(
        engines
            .iter()
            .any(|engine| engine.product == Product::Terraform),
        "there is no terraform here; run `make setup`"
    );
    engines
}

fn preferred_terraform() -> Option<PathBuf> {
    chosen("TF_ACC_TERRAFORM_PATH").or_else(|| find_program("terraform"))
}

fn tofu() -> Option<PathBuf> {
    chosen("TF_ACC_TOFU_PATH")
        .or_else(|| find_program("tofu"))
        .or_else(built_tofu)
}

/// The newest OpenTofu that `make setup-tofu` built into the user's cache.
fn built_tofu() -> Option<PathBuf> {
    let cache =
        chosen("XDG_CACHE_HOME").or_else(|| chosen("HOME").map(|home| home.join(".cache")))?;
    std::fs::read_dir(cache.join("terraform-provider-hwc"))
        .ok()?
        .filter_map(|entry| Engine::ask(Product::OpenTofu, &entry.ok()?.path().join("tofu")))
        .max_by_key(|engine| engine.version)
        .map(|engine| engine.path)
}

fn chosen(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// An engine's command without input, in the test's own environment less what would change how the engine or the
/// provider behaves. The metadata service is at an address outside of this machine, and so is never asked.
pub fn command(path: &Path) -> Command {
    const UNWANTED: [&str; 8] = [
        "HW_",
        "OS_",
        "HUAWEICLOUD_",
        "TF_",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    ];
    let unwanted = |name: &OsString| {
        let name = name.to_string_lossy().to_uppercase();
        UNWANTED.iter().any(|start| name.starts_with(start))
    };
    let mut command = Command::new(path);
    command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| !unwanted(name)))
        .env("CHECKPOINT_DISABLE", "1")
        .env("HW_DISABLE_METADATA", "true")
        .stdin(Stdio::null());
    command
}
