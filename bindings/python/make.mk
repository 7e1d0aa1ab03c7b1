# Python. Everything that is installed goes into environments under $(CARGO_TARGET_DIR).

PYTHON ?= python3
PYTHON_VENV := $(CARGO_TARGET_DIR)/python-venv
PYTHON_OFFICIAL_VENV := $(CARGO_TARGET_DIR)/python-official-venv
PYTHON_WHEELS := $(CARGO_TARGET_DIR)/python-wheels
PYTHON_SDIST := $(CARGO_TARGET_DIR)/python-sdist
# As seen from bindings/python, where the settings of ruff and mypy are.
PYTHON_SOURCES := python tests ../../tests/conformance/drivers/python ../../tests/interop ../../examples/python

.PHONY: build-python test-python lint-python clean-python fetch-python demo-python sdist-python test-sdist-python

$(PYTHON_VENV)/installed: bindings/python/requirements.txt
	$(PYTHON) -m venv $(PYTHON_VENV)
	$(PYTHON_VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

build-python: $(PYTHON_VENV)/installed ## the wheel, installed into an environment of its own
	rm -rf $(PYTHON_WHEELS)
	$(if $(SHIPPED),dist/try/shipped $(HOST) $(PYTHON_WHEELS),$(PYTHON_VENV)/bin/maturin build --quiet --release --locked --manifest-path bindings/python/Cargo.toml --out $(PYTHON_WHEELS))
	$(PYTHON_VENV)/bin/pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall $(PYTHON_WHEELS)/kmsak-*.whl

sdist-python: $(PYTHON_VENV)/installed ## the source distribution
	rm -rf $(PYTHON_SDIST)
	$(PYTHON_VENV)/bin/maturin sdist --manifest-path bindings/python/Cargo.toml --out $(PYTHON_SDIST)

test-python: build-python build-program test-sdist-python
	$(PYTHON_VENV)/bin/python -m pytest -q -p no:cacheprovider bindings/python/tests
	KMSAK_DRIVER="$(PYTHON_VENV)/bin/python tests/conformance/drivers/python/driver.py" $(CONFORMANCE)

# As pip does it for whoever has no wheel. What the package depends on was built for the wheel already, unless that is the shipped one; its own files are
# unpacked as new, or Cargo would take what was built from the working copy for theirs, and outside of the target folder,
# or it would afterwards take what was built from them for the working copy's.
test-sdist-python: sdist-python build-python
	source=$$(mktemp -d) && trap 'rm -rf "$$source"' EXIT && \
	  tar --extract --touch --strip-components 1 --directory "$$source" --file $(PYTHON_SDIST)/kmsak-*.tar.gz && \
	  PATH="$(PYTHON_VENV)/bin:$$PATH" $(PYTHON_VENV)/bin/pip wheel --quiet --disable-pip-version-check --no-index --no-deps \
	    --no-build-isolation --wheel-dir $(PYTHON_SDIST) "$$source"
	$(PYTHON) -m venv $(PYTHON_SDIST)/venv
	$(PYTHON_SDIST)/venv/bin/pip install --quiet --disable-pip-version-check --no-index --no-deps $(PYTHON_SDIST)/kmsak-*.whl
	cd $(PYTHON_SDIST) && venv/bin/python -c 'import kmsak; assert kmsak.__file__.startswith("$(PYTHON_SDIST)/venv/"), kmsak.__file__'
	cmp LICENSE $(PYTHON_SDIST)/venv/lib/python3.*/site-packages/kmsak-*.dist-info/licenses/LICENSE

lint-python: build-python
	cd bindings/python && $(PYTHON_VENV)/bin/ruff format --no-cache --check --config pyproject.toml $(PYTHON_SOURCES)
	cd bindings/python && $(PYTHON_VENV)/bin/ruff check --no-cache --config pyproject.toml $(PYTHON_SOURCES)
	cd bindings/python && $(PYTHON_VENV)/bin/mypy --cache-dir $(CARGO_TARGET_DIR)/mypy -p kmsak
	cd bindings/python && $(PYTHON_VENV)/bin/mypy --cache-dir $(CARGO_TARGET_DIR)/mypy tests ../../tests/conformance/drivers/python
	@# The clients that judge are in environments of their own.
	cd bindings/python && $(PYTHON_VENV)/bin/mypy --cache-dir $(CARGO_TARGET_DIR)/mypy --ignore-missing-imports ../../tests/interop
	cd bindings/python && $(PYTHON_VENV)/bin/python -m mypy.stubtest --mypy-config-file pyproject.toml kmsak --allowlist stubtest-allowlist.txt

clean-python:
	find bindings/python tests examples benches -name __pycache__ -prune -exec rm -rf {} +
	rm -rf bindings/python/python/kmsak/*.so bindings/python/.*_cache bindings/python/*.egg-info

# The packages that the example needs, without those of the tests.
PYTHON_DEMO := $(CARGO_TARGET_DIR)/python-demo

fetch-python: $(PYTHON_DEMO)/venv/installed

$(PYTHON_DEMO)/venv/installed: bindings/python/requirements.txt
	rm -rf $(PYTHON_DEMO)/venv
	$(PYTHON) -m venv $(PYTHON_DEMO)/venv
	grep -E '^alibabacloud-(credentials|sts20150401)==' $< > $(PYTHON_DEMO)/requirements.txt
	$(PYTHON_DEMO)/venv/bin/pip install --quiet --disable-pip-version-check --requirement $(PYTHON_DEMO)/requirements.txt
	touch $@

# The package as a wheel would install it.
demo-python: $(DEMO_BUILT) fetch-python ## the example in Python, through a rotation
	@rm -rf $(PYTHON_DEMO)/package && mkdir -p $(PYTHON_DEMO)/package
	@cp -r bindings/python/python/kmsak $(PYTHON_DEMO)/package/
	@cp $(DEMO_DIR)/lib_kmsak.so $(PYTHON_DEMO)/package/kmsak/_kmsak.abi3.so
	@KMSAK_BIN=$(DEMO_DIR)/kmsak PYTHONPATH=$(PYTHON_DEMO)/package $(PYTHON_DEMO)/venv/bin/python examples/python/demo.py
