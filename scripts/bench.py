#!/usr/bin/env python3
"""Measures the provider beside Terraform's built-in resource, and prints one table.

The built-in `terraform_data` calls no plugin, so its time is the engine's own: the floor that no provider can pass
below. Both take turns, so that whatever else the machine does falls on both; each number is the median of its rounds.
The processor time of the plugin itself stands beside: the rest of the difference is what the engine does with a larger
schema, and what the sandbox does.

    scripts/bench.py [--rounds N] [--counts 300,1000]
"""

import argparse
import contextlib
import dataclasses
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
RELEASE = REPOSITORY / "target" / "release"
PROVIDER = RELEASE / "terraform-provider-hwc"
SANDBOX = RELEASE / "hwc-sandbox"

PROJECT = "0123456789abcdef0123456789abcdef"
INSTANCE = "619d3e78f61b4be68bc5aa0b59edcf7bin07"
NODE = "b5f8e3e3f0e14cc38ad6d59c5d8a1f2ano07"
ACCESS_KEY = "BENCHACCESSKEY000001"
SECRET_KEY = "bench-secret-key"

# The most that is aimed at: times the floor, bytes, or seconds.
MOST_TIMES_FLOOR = {"validate": 1.8, "apply": 1.8, "plan": 1.7}
MOST_MEMORY = 20e6
MOST_BINARY = 12e6
MOST_HANDSHAKE = 0.015

# As often as this the plugin's memory is looked at; the kernel itself keeps the peak.
LOOK_EVERY = 0.02
HANDSHAKES = 30

# What a host says when it starts a plugin. The certificate is one as go-plugin makes them (P-521, self-signed); nobody
# connects, so nobody needs its key.
HOST_ENVIRONMENT = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    "PLUGIN_PROTOCOL_VERSIONS": "6",
    "PLUGIN_CLIENT_CERT": """-----BEGIN CERTIFICATE-----
MIICLjCCAZCgAwIBAgIUE+FSIZcW+JMHKO4onnE3kT6wGa0wCgYIKoZIzj0EAwQw
KDESMBAGA1UECgwJSGFzaGlDb3JwMRIwEAYDVQQDDAlsb2NhbGhvc3QwIBcNMjYx
MTIyMDA1MzEzWhgPMjEyNjEwMjkwMDUzMTNaMCgxEjAQBgNVBAoMCUhhc2hpQ29y
cDESMBAGA1UEAwwJbG9jYWxob3N0MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQB
7H/r1i3qKJqL6XFcDuw9x/WCLsW3YpsBxgPLYvw2kpFoOnW/T2msI1ik0OHQPiP8
wYeb8q2Jy82P6eoYFxFOPBcACwLcPRj4WQ9U/WQzWw1+H5Kl3g99hPX8EXbNP2M1
G2UKfjaPui0jP/HxO0esH/YnST2oqseRcq8hcKXycyzcXimjUzBRMB0GA1UdDgQW
BBRacrOpgr2VBIjhR+qEMqPHHvXYuzAfBgNVHSMEGDAWgBRacrOpgr2VBIjhR+qE
MqPHHvXYuzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMEA4GLADCBhwJBTbQo
iQ5hZILAqhdbpgQoc2029mjPJCAhIFEMVwphXdE3B8tRcjvPBFgzFQZ/XoXQouGa
C5aPtzzQRZd4YrELnjACQgFTJkf8cpVvBgBdoq4NxcBjsDeBKc0+7UsMRT7OuDFF
QIpeLT1hQlPm2jdtZKLfnat3g9b01emdCsVdcRzLo8TTTg==
-----END CERTIFICATE-----
""",
}


def main():
    arguments = parse_arguments()
    build()
    terraform = find_terraform()
    samples = {}
    for count in arguments.counts:
        for _ in range(arguments.rounds):
            record(samples, count, "floor", measure_floor(terraform, count))
            record(samples, count, "kills", measure_kills(terraform, count))
    handshakes = [measure_handshake() for _ in range(HANDSHAKES)]
    report(terraform, arguments.rounds, samples, handshakes)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each measurement [5]")
    parser.add_argument(
        "--counts",
        type=lambda text: [int(count) for count in text.split(",")],
        default=[300, 1000],
        help="numbers of resources [300,1000]",
    )
    return parser.parse_args()


def build():
    command = ["cargo", "build", "--release", "--workspace", "--bins"]
    subprocess.run(command, cwd=REPOSITORY, check=True)


def find_terraform():
    """The one that `make setup` installs, as everybody then has the same; else the one on the path."""
    installed = REPOSITORY / ".tools" / "bin" / "terraform"
    found = str(installed) if installed.exists() else shutil.which("terraform")
    if not found:
        sys.exit("there is no terraform here; run `make setup`")
    return found


@dataclasses.dataclass
class Sample:
    """One command: how long it took, and what its plugin processes took of it."""

    seconds: float
    plugin_seconds: float
    plugin_memory: int


def record(samples, count, what, taken):
    for command, sample in taken.items():
        samples.setdefault((count, command, what), []).append(sample)


def median(samples, field):
    return statistics.median(getattr(sample, field) for sample in samples)


def measure_floor(terraform, count):
    """A sample of each command with `count` built-in resources."""
    blocks = (
        f'resource "terraform_data" "r{number}" {{\n  input = [{number + 1}]\n}}\n'
        for number in range(count)
    )
    with tempfile.TemporaryDirectory() as folder:
        return run_commands(terraform, Path(folder), "".join(blocks))


def measure_kills(terraform, count):
    """A sample of each command with `count` kills of one session each."""
    with sandbox(count) as (url, threads), tempfile.TemporaryDirectory() as folder:
        head = f"""
terraform {{
  required_providers {{
    hwc = {{
      source = "hwc-ops/hwc"
    }}
  }}
}}

provider "hwc" {{
  region     = "cn-north-4"
  access_key = "{ACCESS_KEY}"
  secret_key = "{SECRET_KEY}"
  project_id = "{PROJECT}"
  endpoints  = {{ taurusdb = "{url}" }}
}}
"""
        blocks = (
            f'resource "hwc_taurusdb_session_kill" "r{number}" {{\n'
            f'  instance_id = "{INSTANCE}"\n  node_id     = "{NODE}"\n  processes   = [{thread}]\n}}\n'
            for number, thread in enumerate(threads)
        )
        return run_commands(terraform, Path(folder), head + "".join(blocks))


def run_commands(terraform, folder, configuration):
    """Validates, applies, and plans what is then there: nothing to do."""
    (folder / "main.tf").write_text(configuration)
    (folder / "cli.tfrc").write_text(
        f'provider_installation {{\n  dev_overrides {{\n    "hwc-ops/hwc" = "{RELEASE}"\n  }}\n  direct {{}}\n}}\n'
    )
    unwanted = ("TF_", "HW_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    environment |= {"TF_CLI_CONFIG_FILE": str(folder / "cli.tfrc"), "CHECKPOINT_DISABLE": "1"}
    commands = {
        "validate": ["validate", "-no-color"],
        "apply": ["apply", "-no-color", "-input=false", "-auto-approve"],
        "plan": ["plan", "-no-color", "-input=false", "-detailed-exitcode"],
    }
    samples = {}
    for name, command in commands.items():
        with watching_plugins() as plugins:
            started = time.perf_counter()
            done = subprocess.run(
                [terraform, *command], cwd=folder, env=environment, capture_output=True, text=True
            )
            seconds = time.perf_counter() - started
        samples[name] = Sample(
            seconds,
            sum(processor for processor, _ in plugins.values()),
            max((memory for _, memory in plugins.values()), default=0),
        )
        if done.returncode != 0:
            sys.exit(f"terraform {name} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return samples


@contextlib.contextmanager
def sandbox(sessions):
    """A sandbox with one node of `sessions` sessions: its address, and the ids of the sessions."""
    command = [
        SANDBOX,
        *("--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY, "--project-id", PROJECT),
        *("--taurusdb-node", f"{INSTANCE}/{NODE}=simulated:{sessions}"),
    ]
    quiet = {**os.environ, "RUST_LOG": "warn"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=quiet, text=True)
    try:
        url = json.loads(process.stdout.readline())["url"]
        yield url, session_ids(url)
    finally:
        process.terminate()
        process.wait()


def session_ids(url):
    from urllib.request import ProxyHandler, build_opener

    with build_opener(ProxyHandler({})).open(f"{url}/_sandbox/state") as answer:
        return json.load(answer)["nodes"][0]["sessions"]


@contextlib.contextmanager
def watching_plugins():
    """Processor seconds and peak resident bytes of each plugin process that runs meanwhile, by its id. Linux only.

    They are looked at while it runs, so up to the last look's interval is missing.
    """
    seen = {}
    done = threading.Event()

    def look():
        while not done.wait(LOOK_EVERY):
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    if os.readlink(process / "exe") == str(PROVIDER):
                        seen[process.name] = (processor_seconds(process), peak_memory(process))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def processor_seconds(process):
    # After the name in parentheses, which may hold anything: state, then others; user and system time are 12th and 13th.
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(process):
    for line in (process / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(f"{process} has ended")


def measure_handshake():
    """Seconds from the start of the plugin to the line that says where it listens."""
    with tempfile.TemporaryDirectory() as folder:
        environment = HOST_ENVIRONMENT | {"PLUGIN_UNIX_SOCKET_DIR": folder}
        started = time.perf_counter()
        process = subprocess.Popen(
            [PROVIDER], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        line = process.stdout.readline()
        seconds = time.perf_counter() - started
        process.terminate()
        process.wait()
    if not line.startswith(b"1|6|"):
        sys.exit(f"the plugin said {line!r} instead of its handshake")
    return seconds


def report(terraform, rounds, samples, handshakes):
    version = subprocess.run([terraform, "version"], capture_output=True, text=True).stdout
    print()
    print(f"{os.cpu_count()} cores, {platform.machine()}; {version.splitlines()[0]}; medians of {rounds}")
    print()
    print("| | built-in `terraform_data` | kills | of it the plugin's processor time | ratio | target | |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    missed = 0
    for count, command in dict.fromkeys((count, command) for count, command, _ in samples):
        floor = median(samples[count, command, "floor"], "seconds")
        kills = median(samples[count, command, "kills"], "seconds")
        plugin = median(samples[count, command, "kills"], "plugin_seconds")
        ratio = kills / floor
        most = MOST_TIMES_FLOOR[command]
        missed += ratio > most
        times = (f"{floor:.2f} s", f"{kills:.2f} s", f"{plugin:.2f} s")
        print(row(f"{command} {count}", *times, f"{ratio:.2f}", f"{most}", ratio <= most))
    memory = max(sample.plugin_memory for taken in samples.values() for sample in taken)
    for what, value, most, unit, scale in (
        ("peak memory of the plugin", memory, MOST_MEMORY, "MB", 1e6),
        ("stripped binary", PROVIDER.stat().st_size, MOST_BINARY, "MB", 1e6),
        ("start to handshake", statistics.median(handshakes), MOST_HANDSHAKE, "ms", 1e-3),
    ):
        missed += value > most
        cells = (what, "", f"{value / scale:.1f} {unit}", "", "", f"{most / scale:.0f} {unit}")
        print(row(*cells, value <= most))
    print()
    print("All targets are reached." if not missed else f"{missed} of the targets are missed.")


def row(*cells):
    *cells, reached = cells
    return "| " + " | ".join((*cells, "reached" if reached else "**missed**")) + " |"


if __name__ == "__main__":
    main()
