# make demo   sets everything up and converts the example plate
# make native builds the compiled kernels beside their sources, what has changed of them
# make wheel  builds a wheel for every Linux since glibc 2.28, whatever compiler is here
# make test   sets up what is missing and runs every check
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt
APT    := g++ cmake pkg-config libzmq3-dev cppzmq-dev libmsgpack-cxx-dev libxxhash-dev libgl1 libglib2.0-0 python3-venv
HEADERS := /usr/include/zmq.hpp /usr/include/msgpack.hpp /usr/include/xxhash.h

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench ofx ofx-release system clean native wheel

help:
	@sed -n 's/^# make/make/p' Makefile

$(VENV)/.base: pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory runtime
	@command -v $(PYTHON) >/dev/null || { echo "art3d: $(PYTHON) is missing; install it or run: make PYTHON=python3"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	-$(PIP) pip
	$(PIP) $$($(BIN)/python art3d_node/native/build.py --needs)
	ART3D_NATIVE=skip $(PIP) -e .
	@touch $@

$(VENV)/.all: $(VENV)/.base
	ART3D_NATIVE=skip $(PIP) -e '.[train,farm,dev]'
	@touch $@

# What OpenCV needs to load and Python to make a venv; installed when we may, named when we may not.
.PHONY: runtime
runtime:
	@{ /sbin/ldconfig -p | grep -q libGL.so.1 && $(PYTHON) -c 'import ensurepip' 2>/dev/null; } \
	  || $(MAKE) --no-print-directory apt

# What the OpenFX plug-in needs to build.
system:
	@command -v g++ >/dev/null && command -v cmake >/dev/null && ls $(HEADERS) >/dev/null 2>&1 || $(MAKE) --no-print-directory apt

# A browser for the review page's tests, where one may be installed; without it they skip.
.PHONY: browser
browser:
	-@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

.PHONY: apt
apt:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(APT) >/dev/null; \
	else \
	  echo "art3d: needs from the system: $(APT)"; echo "       as an administrator: apt-get install $(APT)"; exit 2; \
	fi

.NOTPARALLEL:

native:
	@test -x $(BIN)/python || $(MAKE) --no-print-directory $(VENV)/.base
	@$(BIN)/python art3d_node/native/build.py

# What the build needs goes into an environment of its own, which pip makes and removes.
wheel:
	rm -rf build/lib* build/bdist*  # else modules that are gone come along
	ART3D_NATIVE=zig $(firstword $(wildcard $(BIN)/python) $(PYTHON)) -m pip wheel --quiet --disable-pip-version-check --no-deps -c constraints.txt -w build/wheel .

setup: $(VENV)/.base native

demo: $(VENV)/.base native
	@$(BIN)/python examples/demo.py

ofx: system $(VENV)/.base native
	cmake -S ofx_wrapper -B build/ofx -DCMAKE_BUILD_TYPE=Release
	cmake --build build/ofx

# make ofx-release   builds the OpenFX bundle for Linux since glibc 2.28, Windows and macOS, with every library inside
RELEASE := build/ofx-release
ofx-release: system
	@test -x $(RELEASE)/venv/bin/python || $(PYTHON) -m venv $(RELEASE)/venv
	$(RELEASE)/venv/bin/pip install --quiet --disable-pip-version-check ziglang==0.13.0
	$(RELEASE)/venv/bin/python ofx_wrapper/release/build.py

lint: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A farm engine's own library, to prove bundles with.
build/engines/.done: tests/engines/requirements.txt
	@test -x build/engines/bin/python || $(PYTHON) -m venv build/engines
	build/engines/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: engines
engines: build/engines/.done

# Without the plug-in's headers its tests skip with a reason; everything else runs.
test: $(VENV)/.all native engines browser
	-@$(MAKE) --no-print-directory system
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(VENV)/.all native
	@for script in $$(grep -l __main__ benchmarks/*.py | xargs -n 1 basename -s .py); do \
		echo "== benchmarks.$$script"; $(BIN)/python -m benchmarks.$$script; done

# make coverage   runs the tests and prints which lines they reach, those of the kernels too
# A loop over pixels passes a line more often than gcovr believes without being told.
HITS := --gcov-suspicious-hits-threshold 1000000000000000
.PHONY: coverage
coverage: $(VENV)/.all browser
	$(BIN)/python art3d_node/native/build.py --coverage
	-$(BIN)/python -m pytest --cov --cov-report=term:skip-covered $(TESTS)
	$(BIN)/gcovr --root . --filter art3d_node/native/ --gcov-ignore-errors=all $(HITS) build/native-coverage
	$(BIN)/python art3d_node/native/build.py

# make docs   builds the documentation as pages, build/docs/index.html
.PHONY: docs
docs: $(VENV)/.all
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs

clean:
	rm -rf out build
