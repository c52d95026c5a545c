# What one does with this tree. On a machine with Go alone, run and test work;
# race needs a C compiler, and PostgreSQL is used where INSTAR_TEST_POSTGRES
# names one (postgres://user@host:port/database?sslmode=disable).

GO ?= go
TOOLS := $(CURDIR)/.tools
GOLANGCI_LINT := 2.15.0
GOVULNCHECK := 1.9.0
FUZZTIME ?= 20s
BENCHTIME ?= 1x

.PHONY: run build test lint vuln fuzz conform clients peers browser race bench long

run: build ## a node on SQLite, without any configuration
	./bin/instar serve

build:
	$(GO) build -o bin/ ./cmd/...

test:
	$(GO) test -timeout 25m ./...
	@if [ -z "$$INSTAR_TEST_POSTGRES" ]; then echo "tested on SQLite only: INSTAR_TEST_POSTGRES is not set"; fi

lint: vuln
	@$(TOOLS)/golangci-lint version 2>/dev/null | grep -qF ' $(GOLANGCI_LINT) ' || \
		GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(GOLANGCI_LINT)
	$(TOOLS)/golangci-lint run ./...
	$(GO) vet ./...

vuln: ## known faults of what we depend on, where INSTAR_VULNDB is a copy of the Go vulnerability database
	@if [ -n "$$INSTAR_VULNDB" ]; then set -ex; \
		$(TOOLS)/govulncheck -version 2>/dev/null | grep -qF 'govulncheck@v$(GOVULNCHECK)' || \
			GOBIN=$(TOOLS) $(GO) install golang.org/x/vuln/cmd/govulncheck@v$(GOVULNCHECK); \
		$(TOOLS)/govulncheck -db "file://$$INSTAR_VULNDB" ./...; \
	fi

fuzz: ## every fuzz test of the packages that do not import storage
	@GO="$(GO)" FUZZTIME="$(FUZZTIME)" .ci/fuzz

conform: build ## the conformance suite against our own node, on each database
	@.ci/conform sqlite
	@if [ -n "$$INSTAR_TEST_POSTGRES" ]; then .ci/conform postgres; fi

clients: build ## clients of the compatible network, unmodified, against our own node; needs Node and npm
	@.ci/clients

peers: build ## a server that others wrote (Fedify) meets our own node over https; needs Node and npm, openssl
	@.ci/peers

browser: ## every page in Chromium: WCAG 2.2 AA by axe-core, valid HTML, every flow with a script and without, nothing hostile runs; needs Chromium, Node and npm
	@GO="$(GO)" .ci/browser

race:
	$(GO) test -race ./federation/... ./node

bench:
	$(GO) test -run '^$$' -bench=. -benchtime=$(BENCHTIME) ./node/server/... ./cmd/instar

long: ## what is too long for every change: chaos, growth to a million posts, long fuzzing, the race detector everywhere
	INSTAR_TEST_CHAOS=10m $(GO) test -count=1 -v -timeout 60m -run NoAcknowledgedWriteIsLost ./cmd/instar
	INSTAR_BENCH_LARGE=1 $(GO) test -run '^$$' -bench="Growth|Backlog|Agents|Process" -benchtime=1x -timeout 240m ./node/server
	@$(MAKE) fuzz FUZZTIME=5m
	$(GO) test -race -count=2 -timeout 60m ./...
