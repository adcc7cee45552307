# SPDX-License-Identifier: GPL-2.0
# Every target installs what it misses (scripts/setup) and writes to build/ only.

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

KVER ?=
TARGET ?= ours
FABRIC ?= rxe
FUZZ_SECONDS ?= 60
SERIES ?=
HOURS ?= 1
DESTDIR ?=
prefix ?= /usr

setup = @scripts/setup
kernels = $(if $(KVER),$(KVER),$$(scripts/kernels list))
guest_kernel = $(if $(KVER),$(KVER),$$(scripts/kernels stock | head -1))

.DEFAULT_GOAL := all
.PHONY: all help kmod vhca bench bench-quick userspace demo walkthrough pictures check check-more check-debug check-full coverage-kernel unit sanitize lint fuzz lab compare soak shell install deb deb-check clean

all: kmod userspace	## the module for every supported kernel, and srptctl

help:	## this list
	@echo "Targets (variables: KVER=kernel release, TARGET=ours|stock, FABRIC=rxe|vib):"
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

kmod:	## ib_srpt.ko for KVER, or for stock and RT 6.1 and 6.12: build/kmod/RELEASE/
	$(setup) kmod $(if $(KVER),,headers)
	@for release in $(kernels); do \
		echo "kmod $$release"; scripts/module kmod $$release W=1 || exit 1; \
	done

vhca:	## vhca.ko, the virtual InfiniBand fabric of the tests: build/vhca/RELEASE/
	$(setup) kmod $(if $(KVER),,headers)
	@for release in $(if $(KVER),$(KVER),$$(scripts/kernels stock)); do \
		echo "vhca $$release"; scripts/module tests/vhca $$release W=1 || exit 1; \
	done

userspace:	## srptctl and its library: build/userspace/
	$(setup) user
	@PREFIX=$(prefix) scripts/userspace srptctl completion

# The story of the reference chapter needs InfiniBand; FABRIC=rxe has one on RoCE.
chosen = $(filter command line environment,$(origin FABRIC))
demo_fabric = $(if $(chosen),$(FABRIC),$(if $(filter stock,$(TARGET)),rxe,vib))

# Each part has long stretches for one processor: $(call together,TARGET...)
together = @pids=; for part in $(1); do $(MAKE) $$part & pids+=" $$!"; done; for pid in $$pids; do wait $$pid || exit 1; done

demo:	## export a disk, be refused, be admitted, step by step in a guest: FABRIC=vib|rxe
	$(setup) build lab
	$(call together,userspace "kmod KVER=$(guest_kernel)" $(if $(filter vib,$(demo_fabric)),"vhca KVER=$(guest_kernel)"))
	@tests/lab/run --demo --kver $(guest_kernel) --target $(TARGET) --fabric $(demo_fabric)

walkthrough:	## run the reference chapter's session and write Documentation/walkthrough.md
	$(setup) build lab
	@$(MAKE) userspace
	@$(MAKE) kmod vhca KVER=$(guest_kernel)
	@touch Documentation/walkthrough.md
	@tests/lab/run --kver $(guest_kernel) --fabric vib walkthrough || true
	cp build/lab/$(guest_kernel)/vib-ours/share/walkthrough.md Documentation/walkthrough.md

pictures:	## run srptctl on a terminal in a guest and draw Documentation/pictures/*.svg
	$(setup) build lab
	@$(MAKE) userspace
	@$(MAKE) kmod vhca KVER=$(guest_kernel)
	@tests/lab/run --kver $(guest_kernel) --fabric vib pictures
	@mkdir -p Documentation/pictures; for name in status top acl-pending; do \
		scripts/terminal-svg "srptctl $${name/-/ }" <build/lab/$(guest_kernel)/vib-ours/share/$$name.ansi \
			>Documentation/pictures/$$name.svg || exit 1; \
	done

check:	## unit tests, fuzz (20 s each), lint, builds, scenarios in guests; counts at the end
	$(setup) all
	@scripts/check

check-more:	## what check leaves out: clang-tidy, conformance, more scenarios and fabrics
	$(setup) all
	@DEPTH=more scripts/check

check-debug:	## scenarios on SERIES (6.1 6.12) with KASAN, kmemleak, lockdep..., kernels built first
	$(setup) all
	@DEPTH=debug SERIES="$(SERIES)" scripts/check

check-full:	## everything, every scenario on every fabric and on debug kernels, clang's analyzer
	$(setup) all
	@DEPTH=full scripts/check

coverage-kernel:	## line coverage of the module by all scenarios in a guest: build/coverage/
	$(setup) build lab tests
	@scripts/userspace
	@scripts/coverage-kernel $(SCENARIOS)

sanitize:	## unit tests of userspace with ASan and UBSan, coverage of libsrpt, valgrind
	$(setup) tests user
	@scripts/check sanitize

unit:	## unit tests of the protocol code and of userspace only
	$(setup) tests user
	@scripts/check unit userspace

lint:	## sparse, W=1, checkpatch, clang-tidy, clang-format, shellcheck
	$(setup) build tests lint
	@DEPTH=full scripts/check lint

fuzz:	## each fuzzer for FUZZ_SECONDS (60)
	$(setup) tests
	@FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/check fuzz

lab:	## scenarios in a guest: SCENARIOS="login ..." (default all), KVER=, TARGET=, FABRIC=
	$(setup) build lab
	@$(if $(filter stock,$(TARGET)),,$(MAKE) kmod KVER=$(guest_kernel))
	@$(if $(filter vib,$(FABRIC)),$(MAKE) vhca KVER=$(guest_kernel))
	@tests/lab/run --kver $(guest_kernel) --target $(TARGET) --fabric $(FABRIC) $(SCENARIOS)

soak:	## verified I/O, resets, reconnects, changes of the configuration for HOURS (1; 0.1 is 6 minutes): build/soak.md
	$(setup) build lab
	@$(MAKE) userspace
	@$(MAKE) kmod vhca KVER=$(guest_kernel)
	LAB_COUNT=$$(awk 'BEGIN { m = int($(HOURS) * 60); print m ? m : 1 }') \
		tests/lab/run --kver $(guest_kernel) --fabric vib soak
	cp build/lab/$(guest_kernel)/vib-ours/share/soak.md build/soak.md
	@cat build/soak.md

bench-quick:	## instructions per I/O: ours, the stock module and nvmet-rdma, with ratios (6.1)
	$(setup) build lab bench
	@$(MAKE) kmod vhca KVER=$(guest_kernel)
	@KVER=$(guest_kernel) tests/bench/quick

bench:	## the whole comparison, with ib_isert and nvmet-rdma, and the clock: Documentation/performance.md
	$(setup) build lab bench
	@$(MAKE) kmod vhca KVER=$(guest_kernel)
	@# A row above its limit is said there, and does not keep the others from being measured.
	@KVER=$(guest_kernel) tests/bench/quick || true
	@tests/bench/page.py build/bench/quick
	@KVER=$(guest_kernel) tests/bench/scales
	@KVER=$(guest_kernel) tests/bench/matrix

compare:	## the hostile suite against our module and the kernel's own: Documentation/comparison.md
	$(setup) build lab
	@scripts/kernels fetch $(guest_kernel)
	@scripts/compare $(guest_kernel)

shell:	## a prompt in a guest with the fabric up and the module loaded: KVER=, TARGET=, FABRIC=
	$(setup) build lab
	@$(if $(filter stock,$(TARGET)),,$(MAKE) kmod KVER=$(guest_kernel))
	@$(if $(filter vib,$(FABRIC)),$(MAKE) vhca KVER=$(guest_kernel))
	@tests/lab/run --kver $(guest_kernel) --target $(TARGET) --fabric $(FABRIC) --shell

install: release := $(or $(KVER),$(shell uname -r))
install:	## the module for KVER (default: the running kernel) and srptctl: DESTDIR=, prefix=
	@$(MAKE) kmod userspace KVER=$(release)
	install -D -m 644 build/kmod/$(release)/ib_srpt.ko $(DESTDIR)/lib/modules/$(release)/updates/ib_srpt.ko
	DESTDIR=$(DESTDIR) cmake --install build/userspace
	$(if $(DESTDIR),,depmod $(release))

deb:	## Debian packages srpt-dkms and srpt-tools: build/deb/
	$(setup) user deb
	@scripts/deb

deb-check: deb	## install, upgrade and remove the packages on a copy of this system; boot guests with them
	$(setup) build lab
	@tests/deb/run $(KVER)
	@tests/deb/boot $(KVER)

clean:	## remove what was built; downloaded kernels stay (rm -r build removes them)
	@[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name kernels -exec rm -rf {} +
