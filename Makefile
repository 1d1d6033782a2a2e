# Thin: each target is a command that also works by hand.

FUZZTIME ?= 60s
# Of a package's tests: a guard against hanging, for machines that are slow or busy
TIMEOUT ?= 30m

.PHONY: build test attack race lint lint-tools fuzz bench bench-quick bench-live soak bench-steps cover pcaps pictures lab-live check cross packages

build: # ./ftpscope: one static binary; flags that go run has not would build all packages twice
	CGO_ENABLED=0 go build ./cmd/ftpscope

test:
	go vet ./... && go test -timeout $(TIMEOUT) ./...

ATTACK ?= 32

attack: # damages every sample in every way, ATTACK variants of each (0: all): two minutes, an hour and more for all
	go test -count 1 -v -timeout $(TIMEOUT) -run '^TestAttack$$' ./analyze -attack $(ATTACK)

# They start the program hundreds of times, one after the other: nothing can race, and with the detector each start is slow
ALONE := ^(TestShells|TestManualCommands)$$

race: # needs a C compiler
	CGO_ENABLED=1 go test -race -timeout $(TIMEOUT) -skip '$(ALONE)' ./...

STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0

lint-tools: # fetches what lint runs
	$(STATICCHECK) -version && $(GOVULNCHECK) -version

lint: # gofmt, vet, staticcheck; govulncheck where its database can be reached
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { printf 'not formatted:\n%s\n' "$$unformatted"; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...
	@out=$$($(GOVULNCHECK) ./... 2>&1) && echo "$$out" || case $$out in \
		*"fetching vulnerabilities"*) echo "govulncheck: its database, vuln.go.dev, cannot be reached from here: known vulnerabilities were not looked for";; \
		*) echo "$$out"; exit 1;; \
	esac

fuzz: # every fuzz target for FUZZTIME, one after the other
	@set -e; for pkg in $$(go list ./...); do \
		targets=$$(go test -run '^$$' -list '^Fuzz' $$pkg); \
		for target in $$(echo "$$targets" | grep '^Fuzz'); do \
			echo "$$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 200x $$pkg; \
		done; \
	done

bench: # the goals of speed and memory, against tcpdump and tshark, and the plots: 10 minutes, 12 GB in bench/
	go run ./cmd/bench -tshark -plots $(if $(AGAINST),-against $(AGAINST))

bench-quick: # the same tables on small captures: a minute; only the answers are judged
	go run ./cmd/bench -quick

bench-live: # how fast packets may come that sniff does not lose, beside tcpdump and dumpcap: Linux, root, 3 minutes
	go run ./cmd/bench -live

SOAK ?= 10m

soak: # sniff at 80 % of that rate: nothing lost, no growth; the curve is in bench/plots
	go run ./cmd/bench -live -soak $(SOAK)

bench-steps: # read, decode, table, control, match, render: what each costs a packet
	go test -run '^$$' -bench Step ./...

cover:
	go test -timeout $(TIMEOUT) -coverpkg ./... -coverprofile coverage.out ./... && go tool cover -func coverage.out | tail -1

pcaps: # makes the sample captures anew: Debian, as root
	pcaps/make.sh

lab-live: build # sniffs while real servers and clients talk, beside tcpdump: Debian, as root, two minutes
	pcaps/make.sh --live ./ftpscope

pictures: # those of the README and the manual; the ladder needs Chromium
	go test ./cmd/ftpscope -run '^TestPicture$$' -update
	mkdir -p bench
	go run ./cmd/ftpscope analyze -q -o html=bench/ladder.html pcaps/active-port.pcap
	go test ./analyze/report/html -count 1 -run '^TestLadderPicture$$' -shots-of $(CURDIR)/bench/ladder.html -picture $(CURDIR)/cmd/ftpscope/manual/ladder.png

check: # what ftpscope says of the sample captures
	go test -count 1 -run '^TestSample' ./...

packages: # dist/: deb, rpm, apk, tar.gz and zip with man pages and completions, the same bytes each time: five minutes at first
	go run ./cmd/packages

cross: # dist/: file analysis works on all of these
	set -e; for os in linux darwin windows; do for arch in amd64 arm64; do \
		suffix=; test $$os != windows || suffix=.exe; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -o dist/ftpscope-$$os-$$arch$$suffix ./cmd/ftpscope; \
	done; done
