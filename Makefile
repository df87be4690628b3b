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

# The rooms where goroutines meet. Left out are tests of query plans and memory, and a walk that has no goroutines: the
# detector makes them ten times as long and finds nothing in them; "test" runs them without it.
race:
	CGO_ENABLED=1 go test -race -count=1 -timeout=30m -skip 'TestNoListReadsAWholeTable|TestAnExportOfManyRowsNeedsLittleMemory|TestNoWalkThroughTheStatesLeavesTheTable' ./app/store ./app/cases ./app/courier ./app/journal

bench: build
	scripts/bench

fuzz:
	scripts/fuzz
