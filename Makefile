# make demo    installs what is missing, builds bin/ventral, runs the main job on simulated data
# make test    installs what is missing, vets, builds without cgo, runs all tests, and the concurrent ones under the race detector
# make build   bin/ventral
# make lint    go vet, gofmt and staticcheck
# make fuzz    every fuzz target for FUZZTIME (default 20s)
# make bench   all Go benchmarks
# make bench-peers   ours and its peers turn by turn, and their ratios; foreseen memory beside its peaks (needs Debian's python3-numpy, -pil, -torch and -sklearn; PYTHON names another Python)

FUZZTIME ?= 20s
RACE = ./internal/... ./network ./stimuli ./fit ./neuron ./plasticity

.PHONY: all demo test build setup lint fuzz bench bench-peers clean

all: build

setup:
	@bash .ci/setup

build: setup
	go build -o bin/ventral ./cmd/ventral

demo: build
	bin/ventral demo --out runs/demo --overwrite

test: setup
	go vet ./...
	CGO_ENABLED=0 go build -o /dev/null ./cmd/ventral
	CGO_ENABLED=0 go vet ./...
	GOARCH=arm64 CGO_ENABLED=0 go vet ./...
	go test ./...
	CGO_ENABLED=0 go test ./...
	go test -race -short $(RACE)
	go test -race -short -run 'PlasticitySweep|Fetch' ./cmd/ventral

lint:
	go vet ./...
	go vet -tags peers ./...
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	go tool staticcheck ./...

fuzz: setup
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package || exit 1; \
		done; \
	done

bench: setup
	go test -run '^$$' -bench . -benchmem ./...

bench-peers: setup
	go test -tags peers -timeout 60m -run '^TestPeers$$' -count 1 -v ./plasticity ./network ./stimuli ./fit
	go test -tags peers -run 'Workspace|EstimateBytesOfAScore|ForeseesItsMemory' -count 1 ./fit ./cmd/ventral

clean:
	rm -rf bin
