# libkmsak, the C ABI and C++.

C_WORK := $(CARGO_TARGET_DIR)/c

.PHONY: build-c test-c test-c-memory lint-c clean-c fetch-c demo-c install-c header

build-c:
	$(call build_library,kmsak-c)
	bindings/c/install/prepare.sh $(PROFILE_DIR)

test-c: build-c build-program ## libkmsak from C and C++
	bindings/c/tests/run.sh $(PROFILE_DIR) $(C_WORK)
	examples/c/demo $(PROFILE_DIR) $(C_WORK)/examples
	tests/conformance/drivers/c/build $(PROFILE_DIR) $(C_WORK)/driver/driver
	KMSAK_DRIVER=$(C_WORK)/driver/driver $(CONFORMANCE)

# Valgrind wants a library with symbols. It is built along with the tests, for the sake of the features, or all that it depends on
# would be compiled again.
test-c-memory: build-c build-program ## libkmsak with sanitizers and under valgrind
	$(CARGO) build --lib --tests
	bindings/c/tests/memory.sh $(PROFILE_DIR) $(CARGO_TARGET_DIR)/debug $(C_WORK) $(CONFORMANCE)

# rustfmt and clippy look at kmsak-c along with everything else.
lint-c:

# All of it is under $(CARGO_TARGET_DIR).
clean-c:

header: ## write include/kmsak.h anew from bindings/c/src
	KMSAK_WRITE_HEADER=1 $(CARGO) test --quiet --test header

# Nothing to fetch.
fetch-c:

demo-c: $(DEMO_BUILT) ## the examples in C and C++, through rotations
	@KMSAK_BIN=$(DEMO_DIR)/kmsak examples/c/demo $(DEMO_DIR) $(C_WORK)/demo

# Not built here, so that `sudo make install` after `make build-c` makes nothing as root.
install-c: ## libkmsak alone
	@test -e "$(PROFILE_DIR)/libkmsak/libkmsak.a" || { echo "Run make build-c first." >&2; exit 1; }
	bindings/c/install/install.sh "$(PROFILE_DIR)" "$(PREFIX)" "$(LIBDIR)" "$(DESTDIR)"
