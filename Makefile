# Every command that a person types. `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-tofu build test fmt fmt-check lint doc docs docs-check demo clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what building and testing needs and this machine lacks
	@scripts/setup.sh

setup-tofu: ## Find OpenTofu, or build it once with Go
	@scripts/setup-tofu.sh

build: ## Build the provider and the sandbox
	cargo build --workspace

test: setup setup-tofu build ## Run every test: units, and real Terraform and OpenTofu against real Redis and MariaDB
	cargo test --workspace

fmt: ## Format the code
	cargo fmt --all

fmt-check: ## Check that the code is formatted
	cargo fmt --all --check

lint: ## Check the code with clippy; a warning is an error
	cargo clippy --workspace --all-targets -- -D warnings

doc: ## Check the crates' documentation; a warning is an error
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace

docs: ## Write the documentation anew, from the schemas, the examples and the behaviour under faults
	UPDATE_DOCS=1 cargo test --test docs --test faults

docs-check: ## Check that the documentation is what `make docs` would write
	cargo test --test docs --test faults

demo: ## Kill real sessions on this machine with Terraform, and watch
	@scripts/demo.sh

clean: ## Remove what was built and what setup put into this folder
	cargo clean
	rm -rf .tools dist
