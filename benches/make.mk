# The benchmarks: what they need beside the bindings, and how they are run.

BENCH_WORK := $(CARGO_TARGET_DIR)/benches
BENCH_VENV := $(CARGO_TARGET_DIR)/bench-venv
BENCH_NODE := benches/node/node_modules/.kmsak
C_FLAGS := -O2 -Wall -Wextra -Werror
JAVA_HOME_OF_JAVAC = $(shell dirname $$(dirname $$(readlink -f $$(command -v javac))))

.PHONY: bench bench-quick build-bench build-quick-rust build-quick-c build-quick-python build-quick-node test-instructions lint-bench clean-bench

clean-bench:
	rm -rf benches/java/target benches/node/node_modules

bench: ## measure kmsak beside the official clients, and write docs/benchmarks.md
	tests/setup bench
	$(MAKE) build-bench
	$(BENCH_VENV)/bin/python benches/conductor

QUICK ?= rust c

bench-quick: build-program $(BENCH_VENV)/installed $(addprefix build-quick-,$(QUICK)) ## for a change in hand: cached reads and instruction counts; QUICK="rust c", or python, or node
	$(BENCH_VENV)/bin/python benches/conductor --quick $(QUICK)
	$(if $(filter c,$(QUICK)),benches/instructions/check $(PROFILE_DIR) $(BENCH_WORK)/instructions)

test-instructions: build-c build-program ## instructions of the hot paths, beside the baseline
	benches/instructions/check $(PROFILE_DIR) $(BENCH_WORK)/instructions

BENCH_PYTHON := ../../benches/python ../../benches/conductor ../../benches/subjects/python
BENCH_TYPED := --strict --ignore-missing-imports --cache-dir $(CARGO_TARGET_DIR)/mypy

# With the settings of the Python binding.
lint-bench: $(PYTHON_VENV)/installed
	cd bindings/python && $(PYTHON_VENV)/bin/ruff format --no-cache --check --config pyproject.toml $(BENCH_PYTHON)
	cd bindings/python && $(PYTHON_VENV)/bin/ruff check --no-cache --config pyproject.toml $(BENCH_PYTHON)
	cd benches/conductor && $(PYTHON_VENV)/bin/mypy $(BENCH_TYPED) *.py

build-quick-rust:
	$(CARGO) bench -p kmsak-benches --bench core --no-run

build-quick-c: build-c $(BENCH_WORK)/c/cached_read

build-quick-python: build-python
	$(PYTHON_VENV)/bin/pip install --quiet --disable-pip-version-check pyperf==$$(sed -n 's/^pyperf==//p' benches/conductor/requirements.txt)

build-quick-node: build-node $(BENCH_NODE)

build-bench: build-quick-c build-quick-python build-quick-node build-java $(BENCH_VENV)/installed $(PYTHON_OFFICIAL_VENV)/installed $(BENCH_WORK)/c/subject $(BENCH_WORK)/c/allocations.so $(BENCH_WORK)/c/libempty.so
	$(CARGO) bench -p kmsak-benches --benches --no-run
	$(CARGO) build --release -p kmsak-benches --example kmsak-subject
	$(CARGO) bench -p kmsak-cli --bench agent_load --no-run
	$(JAVA_MVN) package dependency:build-classpath -Dmdep.outputFile=target/classpath.txt -DskipTests -Pbenches
	cd benches/subjects/go && go build -buildvcs=false -o $(BENCH_WORK)/go/subject .

$(BENCH_VENV)/installed: benches/conductor/requirements.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(PYTHON_OFFICIAL_VENV)/installed: benches/python/official-requirements.txt
	$(PYTHON) -m venv $(PYTHON_OFFICIAL_VENV)
	$(PYTHON_OFFICIAL_VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(BENCH_NODE): benches/node/package.json | node-is-here
	cd benches/node && npm install --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

$(BENCH_WORK)/c/cached_read: benches/c/cached_read.cc include/kmsak.h build-c
	@echo '#include <benchmark/benchmark.h>' | $(CXX) -fsyntax-only -x c++ - 2>/dev/null || \
	  { echo "Google Benchmark is missing, which measures the C library: apt-get install libbenchmark-dev" >&2; exit 1; }
	mkdir -p $(@D)
	ln -sf $(PROFILE_DIR)/libkmsak.so $(@D)/libkmsak.so.0
	$(CXX) -std=c++17 $(C_FLAGS) -Iinclude -o $@ $< -L$(PROFILE_DIR) -lkmsak -Wl,-rpath,$(@D) -lbenchmark -lpthread

$(BENCH_WORK)/c/subject: benches/subjects/c/subject.c include/kmsak.h
	mkdir -p $(@D)
	$(CC) -std=c11 $(C_FLAGS) -Iinclude -o $@ $< -ldl -lpthread

$(BENCH_WORK)/c/allocations.so: benches/conductor/allocations.c
	mkdir -p $(@D)
	$(CC) $(C_FLAGS) -shared -fPIC -o $@ $<

$(BENCH_WORK)/c/libempty.so: benches/java/empty.c
	mkdir -p $(@D)
	$(CC) $(C_FLAGS) -shared -fPIC -I$(JAVA_HOME_OF_JAVAC)/include -I$(JAVA_HOME_OF_JAVAC)/include/linux -o $@ $<
