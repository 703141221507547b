# The gate, piece by piece; `.ci/run` is all of it.

_default:
    @just --list

# Everything, as the gate does it
ci:
    .ci/run

# Format
fmt:
    cargo fmt

# Lints with each set of features
clippy:
    cargo clippy --all-targets --all-features -- -D warnings
    cargo clippy --lib -- -D warnings
    cargo clippy --lib --no-default-features -- -D warnings
    for feature in rustls native-tls rustls-no-provider archive package testing; do \
        cargo clippy --lib --no-default-features --features $feature -- -D warnings || exit 1; \
    done

# All tests, or those that match
test *filter:
    cargo test {{filter}}

# The tests against the real blob emulator
azurite:
    npm ci --prefix tests/azurite
    MSSTORE_TEST_AZURITE=1 cargo test azurite

# Documentation, private items too
doc:
    RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --all-features --document-private-items

# Each example on the fake
examples:
    cargo build --examples
    .ci/examples

# The dependency tree, and what must not be left in a file
check:
    .ci/text
    .ci/dependencies

# Advisories, licences, bans and sources; needs cargo-deny
deny:
    cargo deny check

# The oldest Rust that is supported; needs rustup
msrv:
    cargo +1.88 check --lib --all-features
