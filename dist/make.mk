# Packages for other machines than this: docs/platforms.md and docs/releasing.md. Everything lies under $(CARGO_TARGET_DIR)/dist.

DIST := $(CARGO_TARGET_DIR)/dist
DIST_TARGETS := $(shell sed -n 's/^TARGETS_HERE="\(.*\)"/\1/p' dist/names.sh)
# One target, or several; all that can be built here.
TARGET ?= $(DIST_TARGETS)

DIST_FINISH := JAVA_LIBRARIES=$(JAVA_LIBRARIES),kmsak-bom dist/finish

.PHONY: dist dist-build dist-packages dist-finish dist-sdist dist-central test-dist test-dist-native build-shipped test-shipped test-aarch64 test-platform check-platform \
  check-platforms lint-dist check-tag publish-npm publish-crates publish-image publish-release \
  clean-dist set-version

dist: build-program ## packages for TARGET, or for every platform that can be built here (6 to 15 minutes each)
	@for target in $(TARGET); do echo "$$target" && dist/build "$$target" && dist/package "$$target" || exit 1; done
	@$(DIST_FINISH)

dist-build: ## the first half of dist: what is in the packages
	@for target in $(TARGET); do dist/build "$$target" || exit 1; done

dist-packages: build-program ## the second half, from what was built
	@for target in $(TARGET); do dist/package "$$target" || exit 1; done
	@$(DIST_FINISH)

dist-finish: ## what is made of all targets: jars, image, crates, sums
	@$(DIST_FINISH)

# PUBLISH_DRY_RUN=1 does all but the last step. docs/releasing.md tells what each wants.
publish-npm publish-crates publish-image publish-release: publish-%:
	@dist/publish $*

check-tag: ## TAG=v1.2.3, that it names this version
	@dist/version tag $(TAG)

dist-sdist: sdist-python ## the Python package's source distribution, among the packages
	mkdir -p $(DIST)/packages/python
	rm -f $(DIST)/packages/python/kmsak-*.tar.gz
	cp $(PYTHON_SDIST)/kmsak-*.tar.gz $(DIST)/packages/python/
	@dist/sums

dist-central: ## sign the jars, and hand them to Maven Central
	@dist/packages/central

test-dist: build-program ## install the packages of TARGET as their users do, on its oldest system, and follow a rotation
	@for target in $(TARGET); do dist/try/run "$$target" || exit 1; done

test-dist-native: build-program
	@dist/try/native $(TARGET)

build-shipped: ## the packages for this machine, for tests with SHIPPED=1
	@dist/build $(HOST) libraries && dist/package $(HOST) && $(DIST_FINISH)

test-shipped: build-program
	@dist/try/here $(HOST)

# The other processor, in a profile that compiles fast: what is released is built and tried by `make dist test-dist`.
test-aarch64: build-program ## the packages for aarch64 under qemu, where root may make a system
	@DIST_PROFILE=demo dist/try/here aarch64-unknown-linux-gnu kmsak

test-platform: ## the Rust tests of core and emulator on TARGET: x86_64-pc-windows-gnu (wine), or what this machine is
	@dist/try/tests $(TARGET)

check-platform:
	@dist/check $(TARGET)

check-platforms: ## clippy over the code and its tests as Windows, macOS and the other processor with musl compile it; links for macOS
	@for target in x86_64-pc-windows-gnu aarch64-apple-darwin aarch64-unknown-linux-musl; do dist/check "$$target" || exit 1; done

# Cheap enough for every change: that the version is one, and that scripts and workflows are well-formed.
lint-dist:
	@dist/version check
	@dist/try/version
	@dist/try/publish
	@dist/lint

set-version: ## VERSION=1.2.3, in every file that names it
	@dist/version set $(VERSION)

clean-dist:
	rm -rf $(DIST)
