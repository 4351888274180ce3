# Everything that is done with this checkout. A fresh machine needs Go, git, make and gcc (for the race detector).

STATICCHECK = v0.8.2
GO          = go
LDFLAGS     = -s -w

.PHONY: help build test lint race fuzz fuzz-short year bench scale crash peers image clean

help: ## these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 14

build: ## the static binary ./dist/helpost
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o dist/helpost ./cmd/helpost

test: build lint fuzz-short race ## all that a change must pass

lint: bin/staticcheck-$(STATICCHECK)
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	bin/staticcheck-$(STATICCHECK) ./...

bin/staticcheck-$(STATICCHECK):
	GOBIN=$(CURDIR)/bin $(GO) install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK)
	mv bin/staticcheck $@

race: ## every test, under the race detector
	$(GO) test -race -timeout 10m ./...

fuzz-short: ## a few thousand inputs for each fuzz target
	@./scripts/fuzz 3000x

fuzz: ## a minute for each fuzz target
	@./scripts/fuzz 60s

year: ## a simulated year of 40 tickets a day, with its figures
	HELPOST_YEAR=40 $(GO) test -count=1 -timeout 60m -run TestAYear -v ./internal/gateway

bench: ## the figures of the parts, and of the whole beside a bare durable sink and Postfix
	$(GO) test -run '^$$' -bench . -benchmem ./...
	$(GO) run ./test/bench

scale: ## the same work among ten thousand tickets and a million, side by side: an hour, and 20 GB in TMPDIR
	HELPOST_SCALE=1000000 $(GO) test -count=1 -timeout 4h -run '^$$' -bench 'Scale$$|Growth$$' -benchtime 1x ./internal/gateway

crash: ## the tests that kill a running process or cut its power, many times over
	HELPOST_CRASH_ROUNDS=200 $(GO) test -count=1 -timeout 60m -run 'Kill|Power' ./test/... ./internal/store/...

peers: ## helpost among a real Postfix, Dovecot, swaks and curl; as root, installs what it lacks
	@./scripts/peers

image: build ## dist/helpost.tar, an OCI image
	@./scripts/image

clean: ## remove what was built
	rm -rf bin dist
