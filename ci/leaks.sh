#!/usr/bin/env bash
# Proofs under the leak checker: the tests of memory (limits, failing leases, keys that are read, fifty proofs) and a
# program that uses the drop-in interface. Memory that nothing points to when a program ends is an error. The sanitizer is
# an unstable flag, which RUSTC_BOOTSTRAP opens on a stable compiler.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTC_BOOTSTRAP=1
# Build scripts and procedural macros run on the host without the sanitizer because --target is given.
export RUSTFLAGS="-Zsanitizer=leak -Cdebuginfo=1 ${RUSTFLAGS:-}"
# A separate directory, so that sanitized and plain builds do not evict each other. Linking every crate as one would take
# long for nothing.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/leaks"
export CARGO_PROFILE_RELEASE_LTO=off

run() {
    printf '\n==> %s\n' "$*"
    "$@"
}

# That the checker finds a leak where there is one is checked first.
leaky=$(mktemp -d)
trap 'rm -rf "$leaky"' EXIT
printf 'fn main() { for i in 0..100 { std::mem::forget(std::hint::black_box(vec![i; 100])); } }\n' >"$leaky/leaky.rs"
rustc --target "$host" -Zsanitizer=leak -o "$leaky/leaky" "$leaky/leaky.rs"
if "$leaky/leaky" 2>"$leaky/report"; then
    echo "the leak checker does not notice a leak" >&2
    exit 1
fi
grep -q LeakSanitizer "$leaky/report" || { cat "$leaky/report" >&2; exit 1; }

run cargo run --release --target "$host" -p parhelion --example drop_in
# Not with those that measure the process: the checker adds its own memory.
run cargo test --release --target "$host" -p parhelion-tests --test suite memory -- --skip resident --skip canary
