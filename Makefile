# nlgate. `make test` and `make demo` install what they need (Debian), build, and do their job.

SHELL := /bin/bash
SWIFT ?= swift
JOBS ?= 2
PREFIX ?= /usr
DESTDIR ?=

PROGRAMS := nlgated nlgate-frontend nlgate-keeper nlgate-broker nlgate-policyc nlgate
# Static Swift runtime, position independent, every symbol bound at start, no search path for libraries in the file.
RELEASE := -c release --static-swift-stdlib --disable-local-rpath -Xlinker -z -Xlinker now -j $(JOBS)
# Stripped programs, ready to run from this folder or to be installed.
DIST := .build/dist

.NOTPARALLEL:
.PHONY: help setup build release image verify test lint format docs bench soak demo install clean

help:
	@echo "make setup    install the Debian packages that are missing (needs root or sudo)"
	@echo "make build    debug build"
	@echo "make release  stripped release programs in $(DIST)"
	@echo "make image    a container image out of the release programs, by buildah"
	@echo "make verify   check how the release programs are linked, and the example of docs/protocol.md"
	@echo "make test     setup, build, all tests, release, verify"
	@echo "make lint     format and checks of the sources and documents"
	@echo "make format   format the sources; what a tool can't mend, make lint names"
	@echo "make docs     documentation of the library in .build/docs; fails on a warning"
	@echo "make bench    setup, release, measurements"
	@echo "make soak     setup, release, an hour of churn (MINUTES=60) and whether anything grows"
	@echo "make demo     setup, release, two hosts in network namespaces and real output"
	@echo "make install  into DESTDIR=$(DESTDIR) PREFIX=$(PREFIX), after make release"
	@echo "make clean    remove everything that was built"

setup:
	deploy/setup.sh

build:
	$(SWIFT) build -j $(JOBS)

release:
	set -e; for program in $(PROGRAMS); do $(SWIFT) build $(RELEASE) --product $$program; done
	mkdir -p $(DIST)
	set -e; folder=$$($(SWIFT) build $(RELEASE) --show-bin-path); \
	for program in $(PROGRAMS); do \
	    strip --strip-all -o $(DIST)/$$program.new $$folder/$$program; \
	    mv $(DIST)/$$program.new $(DIST)/$$program; \
	done

image: release
	deploy/oci/build.sh $(DIST)

verify:
	deploy/verify-binaries.sh "$$($(SWIFT) build $(RELEASE) --show-bin-path)" $(DIST)
	deploy/verify-example.sh $(DIST)

test: setup
	$(SWIFT) build -j $(JOBS) --build-tests
	$(SWIFT) test -j $(JOBS) --disable-xctest --skip-build
	$(MAKE) release verify
	deploy/oci/test.sh $(DIST)
	deploy/test-docs.py $(DIST)

SWIFT_FILES := Sources Tests bench Package.swift

lint:
	$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_FILES)
	set -e; for check in deploy/check-*.sh; do [ ! -x "$$check" ] || "$$check"; done

format:
	$(SWIFT) format --in-place --parallel --recursive $(SWIFT_FILES)

docs: build
	SWIFT=$(SWIFT) deploy/docs.sh .build/docs

bench: setup release
	$(SWIFT) build $(RELEASE) --product nlgate-bench
	cp "$$($(SWIFT) build $(RELEASE) --show-bin-path)/nlgate-bench" $(DIST)/
	bench/run $(DIST) $(DIST)/nlgate-bench

MINUTES ?= 60
soak: setup release
	bench/soak --programs $(DIST) --minutes $(MINUTES)

demo: setup release
	deploy/demo.sh $(DIST)

install:
	@for program in $(PROGRAMS); do \
	    [ -x $(DIST)/$$program ] || { echo "$(DIST)/$$program is missing: run 'make release' first"; exit 1; }; done
	install -D -m 0755 $(DIST)/nlgated "$(DESTDIR)$(PREFIX)/sbin/nlgated"
	install -D -m 0755 $(DIST)/nlgate "$(DESTDIR)$(PREFIX)/bin/nlgate"
	install -D -m 0755 $(DIST)/nlgate-frontend "$(DESTDIR)$(PREFIX)/libexec/nlgate/nlgate-frontend"
	install -D -m 0755 $(DIST)/nlgate-keeper "$(DESTDIR)$(PREFIX)/libexec/nlgate/nlgate-keeper"
	install -D -m 0755 $(DIST)/nlgate-broker "$(DESTDIR)$(PREFIX)/libexec/nlgate/nlgate-broker"
	install -D -m 0755 $(DIST)/nlgate-policyc "$(DESTDIR)$(PREFIX)/libexec/nlgate/nlgate-policyc"
	@if [ "$(PREFIX)" != /usr ]; then \
	    echo "nlgated looks for its helpers beside itself and in /usr/libexec/nlgate, not in $(PREFIX)/libexec/nlgate"; fi

clean:
	rm -rf .build
