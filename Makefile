# Slipway: executables for releasing microservices to Kubernetes.
#
#   make             release build in build/release
#   make VARIANT=asan (debug, asan, fuzz, cov), CC=clang
#   make check       everything that a change must pass; installs what it needs
#   make demo        a whole release on a throw-away control plane
#   make help        the other targets
#
# Everything is found by wildcard: a new step, module or test is a new file.

VARIANT ?= release
PREFIX  ?= /usr/local
CC      ?= cc
ifeq ($(origin CC),default)
CC := gcc
endif

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := $(shell sed -n 's/^\#define SLIPWAY_VERSION "\(.*\)"/\1/p' include/base/version.h)

# --- flags -----------------------------------------------------------------

out := build/$(VARIANT)

warnings := -Wall -Wextra -Wshadow -Wdeclaration-after-statement -Wpointer-arith \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wformat=2 -Wformat-security -Wvla -Wwrite-strings -Wundef -Wcast-qual \
	-Wno-missing-field-initializers -Werror

# Nobody unwinds the stack at run time; debuggers have tables of their own.
optimise.release := -O2 -fno-plt -D_FORTIFY_SOURCE=3 -g -fno-asynchronous-unwind-tables
optimise.debug   := -O0 -g3
optimise.asan    := -DTIDY_EXIT -O1 -g3 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
optimise.fuzz    := -DTIDY_EXIT -O1 -g3 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer
optimise.cov     := -DTIDY_EXIT -O0 -g3 --coverage
ifeq ($(optimise.$(VARIANT)),)
$(error unknown VARIANT '$(VARIANT)': use release, debug, asan, fuzz or cov)
endif
ifeq ($(VARIANT),fuzz)
CC := clang
endif

packages := jansson yaml-0.1 libpcre2-8 zlib libcurl libgit2 libcrypto

# The path of the source tree is kept out of the binaries, so that the same
# commit gives the same bytes wherever it is built.
CFLAGS_ALL := -std=gnu17 -D_GNU_SOURCE -iquote . -iquote include -iquote common -include base/banned.h \
	-fstack-protector-strong -fPIE -fno-common -fvisibility=hidden \
	-ffunction-sections -fdata-sections \
	-ffile-prefix-map=$(CURDIR)=. $(optimise.$(VARIANT)) $(warnings) $(CFLAGS)
# The one function that a library is to find in us (common/api/repo.c).
exported := mbedtls_x509_crt_parse_file
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now,--as-needed,--gc-sections,--export-dynamic-symbol=$(exported) \
	$(optimise.$(VARIANT)) $(LDFLAGS)
# What nearly every run needs comes from static libraries where there are such:
# each shared one that a start loads takes a twentieth of it.  Of libcrypto that
# is SHA-256; the other packages are loaded at first use (sys/lazy).  The C
# library has the few mathematical functions that are not compiled to
# instructions, too: standing first, it spares every start another library.
static_first = $(or $(wildcard $(shell $(CC) -print-file-name=lib$(1).a)),-l$(1))
LIBS := $(call static_first,jansson) $(call static_first,yaml) -ldl -lc -lm \
	$(call static_first,crypto)

# --- what there is ---------------------------------------------------------

sources := $(sort $(wildcard common/*/*.c))
objects := $(sources:%.c=$(out)/%.o)
steps   := $(sort $(patsubst steps/%.c,%,$(wildcard steps/*.c)))
binaries := $(steps:%=$(out)/bin/%)
units   := $(sort $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*/test-*.c)))
unit_binaries := $(units:%=$(out)/unit/%)
drivers := $(sort $(patsubst tests/drivers/%.c,%,$(wildcard tests/drivers/*.c)))
driver_binaries := $(drivers:%=$(out)/drivers/%)
fuzzers := $(sort $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz-*.c)))
fuzz_binaries := $(fuzzers:%=$(out)/fuzz/%)
oracles := $(sort $(patsubst tests/oracle/%.c,%,$(wildcard tests/oracle/*.c)))
oracle_binaries := $(oracles:%=$(out)/oracle/%)

all: $(out)/libcommon.a $(binaries)

# --- compiling -------------------------------------------------------------

# Changed flags or another compiler rebuild everything.
stamp := $(out)/flags
flags_now := $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(LIBS)
$(shell mkdir -p $(out); [ "$$(cat $(stamp) 2>/dev/null)" = '$(subst ','\'',$(flags_now))' ] || \
	printf '%s\n' '$(subst ','\'',$(flags_now))' > $(stamp))

$(out)/%.o: %.c $(stamp) | headers-of-packages
	@mkdir -p $(@D)
	@$(if $(V),,echo "CC   $<";) $(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(out)/libcommon.a: $(objects)
	@rm -f $@
	@ar rcsD $@ $^

$(binaries): $(out)/bin/%: $(out)/steps/%.o $(out)/libcommon.a
	@mkdir -p $(@D)
	@echo "LINK $@"; $(CC) $(LDFLAGS_ALL) -o $@ $< $(out)/libcommon.a $(LIBS)

# A unit test brings its own main; cmocka is for tests only.
$(unit_binaries): $(out)/unit/%: $(out)/tests/unit/%.o $(out)/libcommon.a
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) -o $@ $< $(out)/libcommon.a $(LIBS) -lcmocka

# Programs through which Python tests drive modules of the library.
$(driver_binaries): $(out)/drivers/%: $(out)/tests/drivers/%.o $(out)/libcommon.a
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) -o $@ $< $(out)/libcommon.a $(LIBS)

drivers: $(driver_binaries)

# With VARIANT=fuzz a fuzzer, else a program that replays the corpora.
fuzz_main := $(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer,$(out)/tests/fuzz/replay.o)
$(fuzz_binaries): $(out)/fuzz/%: $(out)/tests/fuzz/%.o $(out)/libcommon.a \
		$(if $(filter fuzz,$(VARIANT)),,$(out)/tests/fuzz/replay.o)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) -o $@ $< $(fuzz_main) $(out)/libcommon.a $(LIBS)

# Our side of a comparison with a reference program.
$(oracle_binaries): $(out)/oracle/%: $(out)/tests/oracle/%.o $(out)/libcommon.a
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) -o $@ $< $(out)/libcommon.a $(LIBS)

.SECONDARY:
-include $(shell find $(out) -name '*.d' 2>/dev/null)

# The packages' headers, checked once per make with a clear message.
headers-of-packages:
	@for package in $(packages); do pkg-config --exists $$package || { \
		echo "make: the headers of '$$package' are missing; run: tests/setup build" >&2; exit 1; }; done

# --- testing ---------------------------------------------------------------

PYTEST = $$(tests/setup python) -m pytest -q $(PYTEST_FLAGS)
python_tests = SLIPWAY_BIN=$(CURDIR)/$(out)/bin $(PYTEST)

check:
	tests/setup check
	tests/lab/build
	$(MAKE) all
	$(MAKE) check-lint
	$(MAKE) check-unit VARIANT=asan
	$(MAKE) check-fuzz VARIANT=asan
	$(MAKE) check-clang
	$(MAKE) check-python

# Each unit test prints its own totals; the first that fails ends it.
check-unit: $(unit_binaries)
	@tests/run-units $(unit_binaries)

check-fuzz: $(fuzz_binaries)
	@for fuzzer in $(fuzz_binaries); do \
		name=$${fuzzer##*/fuzz-}; $$fuzzer tests/fuzz/corpus/$$name || exit 1; done

check-clang:
	$(MAKE) CC=clang VARIANT=debug all

check-lint: all drivers
	$(python_tests) tests/lint

check-steps: all drivers
	$(python_tests) tests/steps

check-lab: all drivers
	tests/lab/build
	$(python_tests) tests/lab

check-oracle: all $(oracle_binaries) references
	SLIPWAY_ORACLES=$(CURDIR)/$(out)/oracle $(python_tests) tests/oracle

# No part of a test, which has two minutes: a new machine fetches for longer.
references:
	$$(tests/setup python) tests/oracle/reference.py

all_python_tests = SLIPWAY_ORACLES=$(CURDIR)/$(out)/oracle \
	SLIPWAY_ASAN_BIN=$(CURDIR)/build/asan/bin $(python_tests)

# Side by side: each waits for servers more than it computes.
python_parts := steps lab others
check-python: all drivers $(oracle_binaries) references
	$(MAKE) VARIANT=asan all drivers
	$(MAKE) -j3 --output-sync=target $(python_parts:%=check-python-%)

check-python-steps:
	$(all_python_tests) tests/steps

check-python-lab:
	$(all_python_tests) tests/lab

check-python-others:
	$(all_python_tests) tests/fault tests/oracle tests/examples tests/image

# Hours: what check does with a few random inputs, with many of them.
FUZZ_SECONDS = 600
check-nightly: all drivers $(oracle_binaries) references
	tests/setup check
	tests/lab/build
	SLIPWAY_TEMPLATES=100000 SLIPWAY_DOCUMENTS=20000 SLIPWAY_PAIRS=100000 \
		SLIPWAY_SIGNATURES=10000 SLIPWAY_PATTERNS=200000 SLIPWAY_TEXTS=10000 SLIPWAY_PUBLISH_ROUNDS=20 \
		SLIPWAY_PUBLISHERS=100 SLIPWAY_FAULTS=all SLIPWAY_CUTS=all SLIPWAY_SWEEP_ROUNDS=1000 SLIPWAY_STORIES=200 \
		SLIPWAY_SWEEP_CLUSTERS=20 SLIPWAY_SWEEP_KILLS=40 SLIPWAY_AUDIT_ROUNDS=20 \
		SLIPWAY_LISTS=500 SLIPWAY_CHARTS=300 SLIPWAY_EDITS=50 SLIPWAY_FILES=5000 SLIPWAY_KUBECONFIGS=20000 \
		SLIPWAY_KILLS=0 SLIPWAY_NAMES=1000000 SLIPWAY_ARCHIVES=200000 SLIPWAY_CHOICES=200 \
		SLIPWAY_ORACLES=$(CURDIR)/$(out)/oracle \
		$(python_tests) tests/oracle tests/lab/test_publishing.py tests/lab/test_render.py \
		tests/lab/test_publishing_together.py tests/lab/test_locks.py tests/lab/test_audit.py \
		tests/fault tests/steps/test_sweep_model.py \
		tests/steps/test_deploy_ahead.py \
		tests/lab/test_cluster_model.py tests/lab/test_sweep_survives.py \
		tests/lab/test_deploy_kills.py tests/steps/test_names.py
	$(MAKE) VARIANT=fuzz fuzz

# Each target from its corpus; new inputs stay in build/.
fuzz: $(fuzz_binaries)
	@for fuzzer in $(fuzz_binaries); do \
		name=$${fuzzer##*/fuzz-}; mkdir -p $(out)/found/$$name; \
		$$fuzzer -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 \
			$(out)/found/$$name tests/fuzz/corpus/$$name || exit 1; done

check-fresh:
	tests/fresh

bench: all
	tests/setup check
	tests/lab/build
	$$(tests/setup python) tests/bench/bench.py $(out)/bin $(ROWS)

# --- using -----------------------------------------------------------------

demo:
	tests/setup demo
	tests/lab/build --demo
	$(MAKE) all
	SLIPWAY_BIN=$(CURDIR)/$(out)/bin pipeline-examples/demo

image:
	tests/setup image
	container/build

# The generated blocks in steps/*.md, from the option tables.
manuals: all drivers
	tests/lint/manuals --write $(out)/bin

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions
	for step in $(steps); do \
		install -m 755 $(out)/bin/$$step $(DESTDIR)$(PREFIX)/bin/ && \
		{ $(out)/bin/$$step --help=man && awk -f steps/manual.awk steps/$$step.md; } \
			> $(DESTDIR)$(PREFIX)/share/man/man1/$$step.1 && \
		$(out)/bin/$$step --help=bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$step \
		|| exit 1; done

format:
	$$(tests/setup python) -m clang_format -i $(shell git ls-files '*.c' '*.h') 2>/dev/null || \
		"$$(dirname "$$(tests/setup python)")"/clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build

help:
	@sed -n 's/^# \{0,1\}\(  make.*\)/\1/p' Makefile
	@echo "  make check-unit check-steps check-lab check-lint check-fuzz: parts of check"
	@echo "  make check-nightly  long random and fuzz runs, some hours"
	@echo "  make check-fresh  demo and check in a new system made by debootstrap"
	@echo "  make bench        ratios against helm, both sides in one run; ROWS='a b': some"
	@echo "  make image        the container image; make install DESTDIR= PREFIX="
	@echo "  make manuals      rewrite the generated blocks of steps/*.md"

.PHONY: all check check-unit check-fuzz check-clang check-lint check-steps check-lab check-oracle \
	check-python $(python_parts:%=check-python-%) \
	check-nightly fuzz check-fresh bench demo image manuals install format clean help \
	drivers references headers-of-packages
