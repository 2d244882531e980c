# Every command that a person types. `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-tofu build test test-acceptance test-engines test-package fmt fmt-check lint doc docs docs-check demo recording bench soak fuzz licences dist dist-check fresh clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what building and testing needs and this machine lacks
	@scripts/setup.sh

setup-tofu: ## Find OpenTofu, or build it once with Go
	@scripts/setup-tofu.sh

build: ## Build the provider and the sandbox
	cargo build --workspace

test: setup setup-tofu build ## Run every test: units, and real Terraform and OpenTofu against real Redis, MariaDB and PostgreSQL
	cargo test --workspace

test-acceptance: setup setup-tofu build ## Run the tests with every engine here, and the matrix of what works with each
	cargo test --test acceptance
	cargo test --test acceptance matrix -- --ignored --nocapture

test-engines: setup build ## Show what works with every engine from Terraform 1.6 and OpenTofu 1.6 to the newest
	engines=$$(scripts/setup-engines.sh) && TEST_ENGINES=$$engines cargo test --test acceptance matrix -- --ignored --nocapture

test-package: setup build ## Build the Linux package, and kill a session from an empty root directory with it
	cargo test --test acceptance empty_root -- --ignored

fmt: ## Format the code
	cargo fmt --all

fmt-check: ## Check that the code is formatted
	cargo fmt --all --check

lint: ## Check the code with clippy; a warning is an error
	cargo clippy --workspace --all-targets -- -D warnings

doc: ## Check the crates' documentation; a warning is an error
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace

docs: build ## Write the documentation from the schemas, the examples, and what faults and mistakes lead to
	UPDATE_DOCS=1 cargo test --test faults
	UPDATE_DOCS=1 cargo test --test acceptance mistakes
	UPDATE_DOCS=1 cargo test --test docs

docs-check: build ## Check that the documentation is what `make docs` would write
	cargo test --test faults
	cargo test --test acceptance mistakes
	cargo test --test docs

demo: ## Kill real sessions on this machine with Terraform, and watch
	@scripts/demo.sh

recording: setup ## Run the demonstration and draw what it printed, as docs/demo.svg
	.tools/venv/bin/python -m pip install --quiet --disable-pip-version-check rich==15.0.0
	.tools/venv/bin/python scripts/recording.py

bench: setup ## Measure time, memory and size beside Terraform's built-in resource, in one table
	@scripts/bench.py

SOAK_SECONDS ?= 60
soak: ## Kill for SOAK_SECONDS with one plugin process, and watch its memory and file descriptors
	SOAK_SECONDS=$(SOAK_SECONDS) cargo test --release --test endurance soak -- --nocapture

FUZZ_SECONDS ?= 60
FUZZ_CASES ?= 20000
fuzz: ## Send spoiled values to the provider for FUZZ_SECONDS, and run the property tests with FUZZ_CASES cases
	FUZZ_SECONDS=$(FUZZ_SECONDS) cargo test --release --test endurance fuzz -- --nocapture
	PROPTEST_CASES=$(FUZZ_CASES) cargo test --release --lib

licences: ## Check that every dependency has a licence that about.toml accepts
	@scripts/setup-release.sh --licences
	@scripts/dist.py --licences

dist: ## Build a release into dist/: packages, checksums, their signature, and a mirror to install from
	@scripts/setup-release.sh
	@scripts/dist.py

dist-check: ## Build HEAD twice in two places, and check that both releases are equal, byte for byte
	@scripts/setup-release.sh
	@scripts/dist-check.sh

SUITE ?= bookworm
fresh: ## Run `make demo` and `make test` on a bare Debian, or on SUITE, as root
	scripts/fresh-machine.sh --suite $(SUITE) 'make demo && make test'

clean: ## Remove what was built and what setup put into this folder
	cargo clean
	rm -rf .tools dist
