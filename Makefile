# make run    the site on http://127.0.0.1:8080, data in ./data
# make test   everything, on both databases and in Chromium; installs what is missing
# make check  the quick part of it
SHELL := /bin/bash
export CGO_ENABLED := 0

.PHONY: run build test check format lint tools race bench fuzz

run: build
	exec build/portal serve

build:
	go build -trimpath -o build/portal ./cmd/portal
	go build -trimpath -o build/portal-verify ./cmd/portal-verify

check: format lint
	scripts/postgres
	go test $$(go list ./... | grep -v /tests$$)

# go test comes last, so that its summary is the last thing to be read.
test: tools format lint
	scripts/postgres
	scripts/check-gallery
	scripts/check-dockerfile
	$(MAKE) race
	go test -count=1 -timeout=30m ./...

format:
	@files=$$(gofmt -l app bench cmd static tests/*.go views); [ -z "$$files" ] || { echo "gofmt -w $$files"; exit 1; }

lint:
	scripts/lint

tools:
	scripts/install-test-tools

race:
	scripts/race

bench: build
	scripts/bench

fuzz:
	scripts/fuzz
