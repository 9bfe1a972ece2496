# Thin over Meson: each target is a command or two that you may type yourself.
PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
ASAN    ?= build-asan
FUZZ    ?= build-fuzz
SECONDS ?= 60
ABORTS  ?= 100000
CYCLES  ?= 1000000
ACTIVATIONS ?= 10000
MESON_OPTIONS ?=

.PHONY: all build demo test bench bench-instructions bench-peers install format check-asan asan fuzz soak chaos spec differential clean help

all: build

# Without an apt-get that works, install-deps only looks whether the programs are there.
$(BUILD)/build.ninja:
	scripts/install-deps
	meson setup $(BUILD) --prefix=$(PREFIX) $(MESON_OPTIONS)

build: $(BUILD)/build.ninja
	ninja -C $(BUILD)

# Only what is installed finds the worker by itself.
demo bench bench-instructions bench-peers: export WARD_WORKER := $(abspath $(BUILD))/src/worker/ward-worker

demo: build
	@$(BUILD)/examples/calculator/demo
	@echo
	@$(BUILD)/src/tool/ward bench --brief

test: build
	@meson test -C $(BUILD) --list 2>/dev/null | grep -q . || { echo 'No tests were built: they need cmocka.'; exit 1; }
	meson test -C $(BUILD) --no-rebuild --print-errorlogs

bench: build
	$(BUILD)/src/tool/ward bench
	@echo
	@[ ! -x $(BUILD)/bench/compile/bench_compile ] || $(BUILD)/bench/compile/bench_compile $(BUILD)/bench/compile/library.wasm
	@echo
	@$(MAKE) --no-print-directory bench-instructions
	@echo
	$(BUILD)/bench/buffers/bench_buffers $(BUILD)/bench/buffers
	@echo
	@[ ! -e $(BUILD)/bench/domains/cell.wasm ] || $(BUILD)/bench/domains/bench_domains $(BUILD)/bench/domains
	@echo
	@[ ! -x $(BUILD)/bench/stops/bench_stops ] || $(BUILD)/bench/stops/bench_stops $(BUILD)/bench/stops
	@echo
	$(BUILD)/bench/confine/bench_confine $(BUILD)/bench/confine
	@echo
	@[ ! -x $(BUILD)/bench/compute/bench_compute ] || $(BUILD)/bench/compute/bench_compute $(BUILD)/bench/compute
	@echo
	@$(MAKE) --no-print-directory bench-peers

# 77: there is no valgrind, as it has said.
bench-instructions: build
	@ninja -C $(BUILD) instructions >/dev/null
	@bench/instructions/run $(BUILD) || [ $$? = 77 ]

# Setting the option makes Meson look again: what was installed since is found.
bench-peers: build
	meson configure $(BUILD) -Dpeers=true
	ninja -C $(BUILD) peers
	bench/peers/run $(BUILD)/bench/peers

install: build
ifneq ($(origin PREFIX),file)
	meson configure $(BUILD) --prefix=$(PREFIX)
endif
	DESTDIR="$(DESTDIR)" meson install -C $(BUILD)

format:
	git ls-files '*.c' '*.h' | xargs clang-format -i

$(ASAN)/build.ninja:
	scripts/install-deps
	meson setup $(ASAN) -Db_sanitize=address,undefined $(MESON_OPTIONS)

asan: $(ASAN)/build.ninja
	ninja -C $(ASAN)

check-asan: asan
	meson test -C $(ASAN) --no-rebuild --print-errorlogs --timeout-multiplier 4

fuzz:
	scripts/install-deps
	set -e; for target in $(patsubst fuzz/fuzz_%.c,%,$(wildcard fuzz/fuzz_*.c)); do \
		WARD_FUZZ_BUILD=$(FUZZ) scripts/fuzz $$target $(SECONDS); \
	done

# SPEC: a folder of the specification's .wast files, of WebAssembly/testsuite (3a04b2c is what wabt 1.0.32 reads whole).
spec: export WARD_CACHE := $(abspath $(BUILD))/spec-cache
spec: build
	@[ -n "$(SPEC)" ] || { echo 'Say where the .wast files are: make spec SPEC=folder'; exit 1; }
	test/core/spec.py $(BUILD)/test/core/core $(SPEC)

differential: export WARD_CACHE := $(abspath $(BUILD))/differential-cache
differential: build
	test/core/differential.py $(BUILD)/test/core/core --seconds $(SECONDS)

soak: build
	$(BUILD)/test/stop/soak $(BUILD)/test/stop/stops.wasm --aborts $(ABORTS)
	$(BUILD)/bench/domains/bench_domains --soak $(CYCLES) $(BUILD)/bench/domains

chaos: export WARD_WORKER := $(abspath $(BUILD))/src/worker/ward-worker
chaos: build
	set -e; for whose in '' --user --no-namespaces '--no-namespaces --spare-wardens'; do \
		$(BUILD)/test/chaos/chaos $(abspath $(BUILD))/test/process/acts.so --activations $(ACTIVATIONS) $$whose; \
	done

# As root and, where that is who you are, as an ordinary user.
escape: export WARD_WORKER := $(abspath $(BUILD))/src/worker/ward-worker
escape: export WARD_ESCAPE_ADDIN := $(abspath $(BUILD))/test/escape/escape_addin.so
escape: export WARD_ESCAPE_HELPER := $(abspath $(BUILD))/test/escape/escape_helper
escape: export WARD_ESCAPE_WORKERS := $(abspath $(BUILD))/test/escape
escape: build
	$(BUILD)/test/escape/escape
	$(BUILD)/test/escape/escape_matrix
	@[ "$$(id -u)" != 0 ] || { $(BUILD)/test/escape/escape --as-user && $(BUILD)/test/escape/escape_matrix --as-user; } || [ $$? = 77 ]

clean:
	rm -rf $(BUILD) $(ASAN) $(FUZZ)

help:
	@echo 'make            build into $(BUILD)/'
	@echo 'make demo       see a calculator survive its add-ins'
	@echo 'make test       run all tests'
	@echo 'make bench      measure calls and bulk data at each kind, beside the limits of this machine,'
	@echo '                and then Ward beside others (bench/peers/README.md; make bench-peers: only that)'
	@echo 'make install    install to PREFIX ($(PREFIX)), below DESTDIR if that is set'
	@echo 'make check-asan run all tests under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make fuzz       run each fuzz target for SECONDS ($(SECONDS))'
	@echo 'make spec       run the specification'\''s own tests, SPEC=folder of .wast files, on Ward'\''s reader and runtime'
	@echo 'make differential  run random modules here and on wabt'\''s interpreter for SECONDS ($(SECONDS)), and compare'
	@echo 'make soak       end ABORTS ($(ABORTS)) calls that do not end by themselves, make CYCLES ($(CYCLES)) domains, and look what is left'
	@echo 'make chaos      kill hosts, wardens, zygotes and workers at random instants in ACTIVATIONS ($(ACTIVATIONS)) activations, and look what'
	@echo '                is left; as who runs it, as an ordinary user, and where there are no namespaces'
	@echo 'make escape     try to get out of workers at each level, then again with each layer that holds them switched off'
	@echo 'make format     format the C sources with clang-format'
	@echo 'make clean      remove the build folders'
	@echo
	@echo 'The first build installs missing Debian packages (scripts/install-deps --list names them).'
