#!/usr/bin/env bash
# The code that uses `unsafe`, under the address sanitizer: the field kernels, the allocators, the prover's casts between
# library and kernel types, and whole proofs in recycled buffers. The sanitizer is an unstable flag, which RUSTC_BOOTSTRAP
# opens on a stable compiler.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTC_BOOTSTRAP=1
# Build scripts and procedural macros run on the host without the sanitizer because --target is given.
# pasta_curves' assembly leaves no register for the sanitizer; it is not what is looked at here.
export RUSTFLAGS="-Zsanitizer=address -Cdebuginfo=1 --cfg pasta_curves_noasm ${RUSTFLAGS:-}"
# The range checks of lazy arithmetic are debug assertions.
export CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true
# Buffers that live as long as the process are not leaks.
export ASAN_OPTIONS="detect_leaks=${DETECT_LEAKS:-0}:${ASAN_OPTIONS:-}"
# A separate directory, so that sanitized and plain builds do not evict each other.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/sanitizer"
# Linking every crate as one would take long for nothing.
export CARGO_PROFILE_RELEASE_LTO=off

run() {
    printf '\n==> %s\n' "$*"
    "$@"
}

run cargo test --release --target "$host" -p parhelion-field-kernels --lib --tests
# Of the allocators, leaks as well: a pool gives everything back. Not with them: the model of the queue, which switches
# stacks, and the test of resident memory, to which the sanitizer adds its own. Absurd sizes are to be refused as the
# system refuses them.
run env ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=1:allocator_may_return_null=1" \
    cargo test --release --target "$host" -p parhelion-allocators --lib --test arena --test global --test limit --test model --test pool
run cargo test --release --target "$host" -p parhelion --lib cast
run cargo test --release --target "$host" -p parhelion-tests --test suite memory::settings_of_the_pool_do_not_show
