# Node.js: the npm package in bindings/node.

NODE_DIR := $(CURDIR)/bindings/node
NODE_PACKAGES := $(NODE_DIR)/node_modules/.kmsak

.PHONY: build-node test-node lint-node clean-node fetch-node demo-node node-is-here

node-is-here:
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "node or npm is missing: install Node.js 18 or later" >&2; exit 1; }

# No lock file: it would name the registry of whoever wrote it.
$(NODE_PACKAGES): $(NODE_DIR)/package.json | node-is-here
	cd $(NODE_DIR) && npm install --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

build-node: node-is-here ## the npm package for this machine
	$(call build_library,kmsak-node)
	node $(NODE_DIR)/scripts/place-addon.js $(PROFILE_DIR)

test-node: build-program build-node $(NODE_PACKAGES)
	cd $(NODE_DIR) && npm test --silent && npm run --silent types
	KMSAK_DRIVER="node tests/conformance/drivers/node/driver.mjs" $(CONFORMANCE)

lint-node: $(NODE_PACKAGES)
	cd $(NODE_DIR) && npm run --silent lint

clean-node:
	rm -rf $(NODE_DIR)/node_modules $(NODE_DIR)/*.node $(NODE_DIR)/*.tgz examples/node/built

# The examples as npm would install them: with the SDKs that they name, and with kmsak from here.
NODE_DEMO := $(CARGO_TARGET_DIR)/node-demo

fetch-node: $(NODE_DEMO)/node_modules/.fetched

$(NODE_DEMO)/node_modules/.fetched: examples/node/package.json | node-is-here
	mkdir -p $(NODE_DEMO)
	grep -v '"kmsak":' $< | sed -z 's/,\(\s*}\)/\1/g' > $(NODE_DEMO)/package.json
	cd $(NODE_DEMO) && npm install --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

demo-node: $(DEMO_BUILT) fetch-node ## the examples in Node.js and TypeScript, through a rotation
	@rm -rf $(NODE_DEMO)/node_modules/kmsak && mkdir -p $(NODE_DEMO)/node_modules/kmsak
	@cd $(NODE_DIR) && cp -r package.json lib adapters $(NODE_DEMO)/node_modules/kmsak/
	@node $(NODE_DIR)/scripts/place-addon.js $(DEMO_DIR) $(NODE_DEMO)/node_modules/kmsak
	@cp examples/node/*.js examples/node/*.ts examples/node/tsconfig.json $(NODE_DEMO)/
	@KMSAK_BIN=$(DEMO_DIR)/kmsak node examples/node/demo.mjs $(NODE_DEMO)
