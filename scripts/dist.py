#!/usr/bin/env python3
"""Builds a release: what the Terraform registry takes, and a mirror to install from.

The output folder then has

    terraform-provider-hwc_VERSION_OS_ARCH.zip         the binary, its licence, the licences of what is in it
    terraform-provider-hwc_VERSION_OS_ARCH.cdx.json    its bill of materials, in CycloneDX's format
    terraform-provider-hwc_VERSION_manifest.json       which plugin protocol it speaks
    terraform-provider-hwc_VERSION_SHA256SUMS          the checksums of all these
    terraform-provider-hwc_VERSION_SHA256SUMS.sig      their signature, when GPG_FINGERPRINT names a key
    mirror/                                            a filesystem mirror, and a network mirror once it is served

Two builds of one commit are equal, byte for byte: no path, no time and no name of the machine gets into a file.
The Linux binaries are linked statically: they need no file of the system that they run on.

    scripts/dist.py                          for every system that can be built for here
    scripts/dist.py --target TRIPLE          for this one
    scripts/dist.py --collect                no build: checksums, signature and mirror of the zips that are there
    scripts/dist.py --licences               only a look at the licences of all dependencies, on every target
"""

import argparse
import base64
import hashlib
import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import zipfile
from datetime import datetime, timezone
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
NAME = "terraform-provider-hwc"
SOURCE = "hwc-ops/hwc"
# Both engines look for a source without a host at their own registry.
HOSTS = ("registry.terraform.io", "registry.opentofu.org")

# Rust's names of the targets that are released, and the registry's names of the same. A Linux package is made for the
# first of its two targets whose standard library is installed: musl's C library comes with the target, and so is the
# same on every machine; glibc's is the one of the machine that builds.
TARGETS = {
    "x86_64-unknown-linux-musl": "linux_amd64",
    "x86_64-unknown-linux-gnu": "linux_amd64",
    "aarch64-unknown-linux-musl": "linux_arm64",
    "aarch64-unknown-linux-gnu": "linux_arm64",
    "x86_64-apple-darwin": "darwin_amd64",
    "aarch64-apple-darwin": "darwin_arm64",
    "x86_64-pc-windows-gnu": "windows_amd64",
}

# A larger Linux binary has something in it that nobody expects.
MOST_BYTES = 10_000_000

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / NAME
# Where scripts/setup-release.sh puts its tools.
CARGO_TOOLS = CACHE / "cargo-tools"
ZIG = CACHE / "zig" / "bin"

# Zip files know no time before this one.
EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def main():
    arguments = parse_arguments()
    if arguments.licences:
        check_licences()
        return
    release = Release(arguments.output.resolve())
    if not arguments.collect:
        release.start_over()
        for target in arguments.target or default_targets(arguments):
            if arguments.binary:
                release.pack(target, arguments.binary, {})
            else:
                release.build(target, arguments.without_notices)
    release.finish()


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--target", action="append", choices=TARGETS, help="build for this target; may be given several times"
    )
    parser.add_argument("--output", type=Path, default=REPOSITORY / "dist", help="the output folder [dist]")
    parser.add_argument(
        "--collect", action="store_true", help="build nothing, and take the zips that are in the output folder"
    )
    parser.add_argument("--licences", action="store_true", help="check the licences of the dependencies, and no more")
    parser.add_argument(
        "--without-notices", action="store_true", help="for tests: leave out the licences and the bill of materials"
    )
    parser.add_argument(
        "--binary", type=Path, help="for tests: pack this binary, without the licences and the bill of materials"
    )
    arguments = parser.parse_args()
    if arguments.binary and len(arguments.target or []) > 1:
        parser.error("one binary is for one target")
    if arguments.collect and (arguments.binary or arguments.target):
        parser.error("--collect builds nothing, so it takes neither --target nor --binary")
    return arguments


def default_targets(arguments):
    """The host's own for a binary that is given, else one for each system whose standard library is installed."""
    if arguments.binary:
        return [host_target()]
    libraries = sysroot() / "lib" / "rustlib"
    targets = {}
    for target, platform in TARGETS.items():
        if (libraries / target / "lib").is_dir():
            targets.setdefault(platform, target)
    if not targets:
        sys.exit("there is no Rust standard library here for any target that is released")
    return list(targets.values())


class Release:
    """One version in one output folder."""

    def __init__(self, output):
        self.output = output
        self.version = provider_version()
        self.time = source_time()

    def file(self, ending):
        return self.output / f"{NAME}_{self.version}_{ending}"

    def start_over(self):
        """Removes what an earlier run left, so that nothing of another commit is taken along."""
        for file in self.output.glob(f"{NAME}_*"):
            file.unlink()
        shutil.rmtree(self.output / "mirror", ignore_errors=True)
        self.output.mkdir(parents=True, exist_ok=True)

    def build(self, target, without_notices):
        """Builds the binary, asks its dependencies for their licences, and packs it."""
        if without_notices:
            self.pack(target, build_binary(target, self.time), {})
            return
        licences = {"THIRD-PARTY-LICENCES.txt": third_party_licences(target).encode()}
        bill = bill_of_materials(target, self.time)
        self.pack(target, build_binary(target, self.time), licences)
        self.file(f"{TARGETS[target]}.cdx.json").write_text(bill)

    def pack(self, target, binary, notices):
        platform = TARGETS[target]
        suffix = ".exe" if platform.startswith("windows") else ""
        files = {
            f"{NAME}_v{self.version}{suffix}": binary.read_bytes(),
            **{name: (REPOSITORY / name).read_bytes() for name in ("CHANGELOG.md", "LICENSE", "README.md")},
            **notices,
        }
        write_zip(self.file(f"{platform}.zip"), files, self.time)

    def finish(self):
        """Writes the manifest, the checksums, the signature, and the mirror."""
        packages = sorted(self.output.glob(f"{NAME}_{self.version}_*_*.zip"))
        if not packages:
            sys.exit(f"{self.output} has no packages of version {self.version}")
        manifest = self.file("manifest.json")
        shutil.copyfile(REPOSITORY / "terraform-registry-manifest.json", manifest)
        bills = sorted(self.output.glob(f"{NAME}_{self.version}_*.cdx.json"))
        sums = self.file("SHA256SUMS")
        sums.write_text("".join(f"{sha256(file)}  {file.name}\n" for file in sorted([*packages, *bills, manifest])))
        signed = sign(sums)
        write_mirror(self.output / "mirror", self.version, packages)
        for file in sorted(self.output.glob(f"{NAME}_{self.version}_*")):
            say(f"{file.stat().st_size:>10}  {file.name}")
        if not signed:
            say("Not signed: GPG_FINGERPRINT names no key. The registry takes signed releases only.")


# ----------------------------------------------------------------------------------------------------------------------
# What is built


def provider_version():
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    packages = json.loads(output_of(command))["packages"]
    return next(package["version"] for package in packages if package["name"] == NAME)


def target_folder():
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    return Path(json.loads(output_of(command))["target_directory"])


def source_time():
    """Seconds since 1970 that every file of the release carries: the time of the commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    command = ["git", "log", "-1", "--format=%ct"]
    try:
        return int(subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        sys.exit("git does not tell the time of the commit: set SOURCE_DATE_EPOCH to the release's time, in seconds since 1970")


def sysroot():
    return Path(output_of(["rustc", "--print", "sysroot"]).strip())


def host_target():
    lines = output_of(["rustc", "--version", "--verbose"]).splitlines()
    return next(line.split()[1] for line in lines if line.startswith("host: "))


def build_binary(target, time):
    """The path of the binary."""
    # What is in the registry's folder names the paths to replace, so it must be there before.
    run(["cargo", "fetch", "--locked", "--target", target])
    environment = reproducible_environment(target, time)
    command = ["cargo", "build"]
    if "linux-musl" in target:
        command = ["cargo", "zigbuild"]
        environment |= zig_environment()
    run([*command, "--release", "--locked", "--bin", NAME, "--target", target], environment)
    binary = target_folder() / target / "release" / NAME
    if "windows" in target:
        binary = binary.with_suffix(".exe")
    check_binary(target, binary.read_bytes())
    return binary


def zig_environment():
    """Zig compiles C for musl on any machine. It comes as a Python package, in an environment of its own."""
    if not (ZIG / "cargo-zigbuild").exists():
        sys.exit("cargo-zigbuild is missing: run scripts/setup-release.sh")
    return {
        "PATH": f"{ZIG}{os.pathsep}{os.environ['PATH']}",
        "CARGO_ZIGBUILD_PYTHON_PATH": str(ZIG / "python3"),
    }


def own_paths():
    """Folders of this machine, and what stands for each of them in the binary. Later ones count more."""
    cargo_home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    registries = sorted((cargo_home / "registry" / "src").glob("*"))
    return {
        Path.home(): "home",
        sysroot(): "rust",
        cargo_home: "cargo",
        **{registry: "crates" for registry in registries},
        REPOSITORY: "hwc",
        target_folder(): "target",
    }


def reproducible_environment(target, time):
    """Has the compilers write the same names everywhere, and no time but the commit's."""
    rust = [f"--remap-path-prefix={folder}={name}" for folder, name in own_paths().items()]
    if "linux" in target:
        rust.append("-Ctarget-feature=+crt-static")
        # Random numbers from the kernel: looking for the C library's function first takes a dynamic linker, and then
        # the file /dev/urandom, which an empty root does not have.
        rust.append('--cfg=getrandom_backend="linux_getrandom"')
    c = [f"-ffile-prefix-map={folder}={name}" for folder, name in own_paths().items()]
    return {
        # The other ways to give flags would come on top, or instead.
        "RUSTFLAGS": None,
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(rust),
        f"CFLAGS_{target.replace('-', '_')}": " ".join(map(shlex.quote, c)),
        # Lets the folders have spaces in their names.
        "CC_SHELL_ESCAPED_FLAGS": "1",
        "CARGO_INCREMENTAL": "0",
        "SOURCE_DATE_EPOCH": str(time),
        "ZERO_AR_DATE": "1",
    }


def check_binary(target, binary):
    """Ends the program when the binary is not fit for a release."""
    check_paths(binary)
    if "linux" in target and asks_for_a_loader(binary):
        sys.exit("the binary is not linked statically: it does not start where there is no C library")
    if "linux" in target and len(binary) > MOST_BYTES:
        sys.exit(f"the binary has {len(binary)} bytes, which is more than {MOST_BYTES}")


def asks_for_a_loader(binary):
    """Whether a 64-bit ELF file names a program that loads its libraries, by its table of segments."""
    interpreter = 3
    (offset,) = struct.unpack_from("<Q", binary, 32)
    size, count = struct.unpack_from("<HH", binary, 54)
    return any(struct.unpack_from("<I", binary, offset + number * size) == (interpreter,) for number in range(count))


def check_paths(binary):
    """Ends the program when the binary names a folder of this machine."""
    found = sorted({str(folder) for folder in own_paths() if found_in(binary, folder)})
    if found:
        sys.exit(f"the binary names folders of this machine: {', '.join(found)}")


def found_in(binary, folder):
    return re.search(rb"(?<![\w.-])" + re.escape(str(folder).encode()) + rb"[/\\]", binary) is not None


# ----------------------------------------------------------------------------------------------------------------------
# What is in it


def packages_in(target):
    """Name and version of every package that the binary for the target is made of, as Cargo resolves it by itself."""
    command = ["cargo", "tree", "--locked", "--package", NAME, "--target", target]
    command += ["--edges", "normal", "--prefix", "none", "--format", "{p}"]
    packages = {tuple(line.split()[:2]) for line in output_of(command).splitlines()}
    return {(name, version.removeprefix("v")) for name, version in packages if name != NAME}


def check_licences():
    """Ends the program when a package on any target has a licence that about.toml does not accept."""
    packages = {package for target in TARGETS for package in packages_in(target)}
    licences_of(packages, TARGETS)
    say(f"Every licence of {len(packages)} packages on {len(TARGETS)} targets is accepted.")


def third_party_licences(target):
    """The licences of every package in the binary, as a text to give along with it."""
    packages = packages_in(target)
    parts = [f"Licences of the packages that {NAME} is made of.\nIts own licence is in LICENSE.\n"]
    for licence in licences_of(packages, [target]):
        used_by = [f"  {name} {version}\n" for name, version in licence["packages"]]
        heading = f"{licence['name']} ({licence['id']}), of\n\n{''.join(used_by)}"
        parts.append(f"{heading}\n{licence['text'].strip()}\n")
    return f"\n{'-' * 80}\n\n".join(parts)


def licences_of(packages, targets):
    """The licence texts of these packages, each with those it is the licence of, in a fixed order."""
    run(["cargo", "fetch", "--locked"])
    # Frozen: what the packages themselves carry, and nothing from the network.
    command = [cargo_tool("cargo-about"), "generate", "--fail", "--frozen", "--format", "json"]
    command += ["--config", REPOSITORY / "about.toml"]
    command += [option for target in targets for option in ("--target", target)]
    licences = json.loads(output_of(command))["licenses"]
    for licence in licences:
        users = {(user["crate"]["name"], user["crate"]["version"]) for user in licence["used_by"]}
        licence["packages"] = sorted(users & packages)
    without = packages - {package for licence in licences for package in licence["packages"]}
    if without:
        sys.exit(f"no licence was found for {sorted(without)}")
    used = [licence for licence in licences if licence["packages"]]
    return sorted(used, key=lambda licence: (licence["id"], licence["packages"], licence["text"]))


def bill_of_materials(target, time):
    """Every package in the binary, with its version, checksum and licence, in CycloneDX's format."""
    stem = f"{NAME}-bill"
    command = [cargo_tool("cargo-cyclonedx"), "cyclonedx", "--format", "json", "--spec-version", "1.5"]
    command += ["--target", target, "--no-build-deps", "--override-filename", stem]
    # It writes one for each package of the workspace, beside its Cargo.toml.
    written = [REPOSITORY / f"{stem}.json", REPOSITORY / "sandbox" / f"{stem}.json"]
    try:
        run(command, {"SOURCE_DATE_EPOCH": str(time)})
        text = written[0].read_text()
    finally:
        for file in written:
            file.unlink(missing_ok=True)
    bill = json.loads(text.replace(REPOSITORY.as_uri(), "file://."))
    # A number that is different each time.
    bill.pop("serialNumber", None)
    keep_packages(bill, packages_in(target))
    text = json.dumps(bill, indent=2, ensure_ascii=False) + "\n"
    check_paths(text.encode())
    return text


def keep_packages(bill, packages):
    """Takes out what is no part of the binary: the tool also lists what only the tests and the sandbox switch on."""
    components = bill["components"]
    bill["components"] = [entry for entry in components if (entry["name"], entry["version"]) in packages]
    without = packages - {(entry["name"], entry["version"]) for entry in components}
    if without:
        sys.exit(f"the bill of materials lacks {sorted(without)}")
    kept = {entry["bom-ref"] for entry in [*bill["components"], bill["metadata"]["component"]]}
    bill["dependencies"] = [
        {**entry, "dependsOn": [ref for ref in entry.get("dependsOn", []) if ref in kept]}
        for entry in bill["dependencies"]
        if entry["ref"] in kept
    ]


def cargo_tool(name):
    tool = CARGO_TOOLS / "bin" / name
    if not tool.exists():
        sys.exit(f"{name} is missing: run scripts/setup-release.sh")
    return tool


# ----------------------------------------------------------------------------------------------------------------------
# How it is packed


def write_zip(path, files, time):
    """Packs in the order of the names. The first is a program; all carry the same time."""
    moment = datetime.fromtimestamp(time, timezone.utc).timetuple()[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, max(moment, EARLIEST_ZIP_TIME))
            entry.compress_type = zipfile.ZIP_DEFLATED
            # As if made on Unix, wherever it is made: that is what lets modes count.
            entry.create_system = 3
            mode = 0o755 if name.startswith(f"{NAME}_v") else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, content, compresslevel=9)


def sign(sums):
    """Signs the checksums as the registry asks for: detached and binary. Whether there was a key."""
    key = os.environ.get("GPG_FINGERPRINT")
    if not key:
        return False
    signature = sums.with_name(sums.name + ".sig")
    command = ["gpg", "--batch", "--yes", "--local-user", key, "--output", signature, "--detach-sign", sums]
    passphrase = os.environ.get("GPG_PASSPHRASE")
    if passphrase:
        command[1:1] = ["--pinentry-mode", "loopback", "--passphrase-fd", "0"]
    subprocess.run(command, input=passphrase, text=True, check=True)
    subprocess.run(["gpg", "--batch", "--verify", signature, sums], check=True)
    return True


def write_mirror(folder, version, packages):
    """Lays the packages out as `terraform providers mirror` does, with the indexes of a network mirror."""
    for host in HOSTS:
        place = folder / host / SOURCE
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        archives = {}
        for package in packages:
            shutil.copyfile(package, place / package.name)
            platform = package.stem.split(f"_{version}_")[1]
            archives[platform] = {"hashes": [h1(package), f"zh:{sha256(package)}"], "url": package.name}
        write_json(place / "index.json", {"versions": {version: {}}})
        write_json(place / f"{version}.json", {"archives": archives})


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def h1(package):
    """The hash of what is in a package, by which lock files know it: of a line for each file, in order."""
    with zipfile.ZipFile(package) as archive:
        lines = (
            f"{hashlib.sha256(archive.read(name)).hexdigest()}  {name}\n" for name in sorted(archive.namelist())
        )
        return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


# ----------------------------------------------------------------------------------------------------------------------


def run(command, changes=None):
    """Runs a command in the repository. A variable that is changed to None is taken out."""
    environment = {**os.environ, **(changes or {})}
    environment = {name: value for name, value in environment.items() if value is not None}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed")


def output_of(command):
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed")
    return done.stdout


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    main()
