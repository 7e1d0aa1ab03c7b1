# Node.js: the npm package in bindings/node.

NODE_DIR := $(CURDIR)/bindings/node
NODE_PACKAGES := $(NODE_DIR)/node_modules/.kmsak

.PHONY: build-node test-node lint-node clean-node demo-node node-is-here

node-is-here:
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "node or npm is missing: install Node.js 18 or later" >&2; exit 1; }

# No lock file: it would name the registry of whoever wrote it.
$(NODE_PACKAGES): $(NODE_DIR)/package.json | node-is-here
	cd $(NODE_DIR) && npm install --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

build-node: node-is-here ## the npm package for this machine
	$(CARGO) build --release -p kmsak-node
	node $(NODE_DIR)/scripts/place-addon.js $(PROFILE_DIR)

test-node: build-program build-node $(NODE_PACKAGES)
	cd $(NODE_DIR) && npm test --silent && npm run --silent types
	KMSAK_DRIVER="node tests/conformance/drivers/node/driver.mjs" $(CONFORMANCE)

lint-node: $(NODE_PACKAGES)
	cd $(NODE_DIR) && npm run --silent lint

clean-node:
	rm -rf $(NODE_DIR)/node_modules $(NODE_DIR)/*.node $(NODE_DIR)/*.tgz examples/node/built

demo-node: build-program build-node $(NODE_PACKAGES) ## fetch a managed AccessKey from Node.js through a rotation
	@printf '\n\033[1m%s\033[0m\n' 'Node.js'
	@node examples/node/demo.mjs
