# Python. Everything that is installed goes into environments under $(CARGO_TARGET_DIR).

PYTHON ?= python3
PYTHON_VENV := $(CARGO_TARGET_DIR)/python-venv
PYTHON_OFFICIAL_VENV := $(CARGO_TARGET_DIR)/python-official-venv
PYTHON_WHEELS := $(CARGO_TARGET_DIR)/python-wheels
# As seen from bindings/python, where the settings of ruff and mypy are.
PYTHON_SOURCES := python tests ../../tests/conformance/drivers/python ../../examples/python

.PHONY: build-python test-python lint-python demo-python sdist-python

$(PYTHON_VENV)/installed: bindings/python/requirements.txt
	$(PYTHON) -m venv $(PYTHON_VENV)
	$(PYTHON_VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

build-python: $(PYTHON_VENV)/installed ## the wheel, installed into an environment of its own
	rm -rf $(PYTHON_WHEELS)
	$(PYTHON_VENV)/bin/maturin build --quiet --release --locked --manifest-path bindings/python/Cargo.toml --out $(PYTHON_WHEELS)
	$(PYTHON_VENV)/bin/pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall $(PYTHON_WHEELS)/kmsak-*-abi3-*.whl

sdist-python: $(PYTHON_VENV)/installed ## the source distribution
	$(PYTHON_VENV)/bin/maturin sdist --quiet --manifest-path bindings/python/Cargo.toml --out $(PYTHON_WHEELS)

test-python: build-python build-program
	$(PYTHON_VENV)/bin/python -m pytest -q -p no:cacheprovider bindings/python/tests
	KMSAK_DRIVER="$(PYTHON_VENV)/bin/python tests/conformance/drivers/python/driver.py" $(CONFORMANCE)

lint-python: build-python
	cd bindings/python && $(PYTHON_VENV)/bin/ruff format --no-cache --check --config pyproject.toml $(PYTHON_SOURCES)
	cd bindings/python && $(PYTHON_VENV)/bin/ruff check --no-cache --config pyproject.toml $(PYTHON_SOURCES)
	cd bindings/python && $(PYTHON_VENV)/bin/mypy --cache-dir $(CARGO_TARGET_DIR)/mypy -p kmsak
	cd bindings/python && $(PYTHON_VENV)/bin/mypy --cache-dir $(CARGO_TARGET_DIR)/mypy tests ../../tests/conformance/drivers/python
	cd bindings/python && $(PYTHON_VENV)/bin/python -m mypy.stubtest --mypy-config-file pyproject.toml kmsak --allowlist stubtest-allowlist.txt

demo-python: build-python build-program
	@printf '\n\033[1m%s\033[0m\n' 'Python'
	@KMSAK_BIN=$(CARGO_TARGET_DIR)/debug/kmsak $(PYTHON_VENV)/bin/python examples/python/demo.py
