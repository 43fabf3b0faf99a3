#!/usr/bin/env bash
# The scheduler under the thread sanitizer: random fork-join programs for PARHELION_STRESS_SECONDS (default 60), then the
# tests of the pool. The sanitizer is an unstable flag, which RUSTC_BOOTSTRAP opens on a stable compiler. With the
# sources of the standard library at hand (`rustup component add rust-src`) that is instrumented as well; without, its
# locks are invisible to the sanitizer where they are not inlined: `--cfg parhelion_tsan` takes those of parking_lot, and
# what remains is listed in ci/thread-sanitizer.supp.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=thread --cfg parhelion_tsan -Cdebuginfo=1 ${RUSTFLAGS:-}"
export PARHELION_STRESS_SECONDS="${PARHELION_STRESS_SECONDS:-60}"
export TSAN_OPTIONS="suppressions=$PWD/ci/thread-sanitizer.supp halt_on_error=1 ${TSAN_OPTIONS:-}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/thread-sanitizer"
# Linking every crate as one would take long for nothing.
export CARGO_PROFILE_RELEASE_LTO=off

std=()
if [[ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ]]; then
    std=(-Zbuild-std)
else
    echo "rust-src is not installed: the standard library is not instrumented" >&2
    export RUSTFLAGS="$RUSTFLAGS -Cunsafe-allow-abi-mismatch=sanitizer"
fi

run() {
    printf '\n==> %s\n' "$*"
    "$@"
}

run cargo test --release --target "$host" "${std[@]}" -p parhelion-scheduler --test stress -- --nocapture
run cargo test --release --target "$host" "${std[@]}" -p parhelion-scheduler --test pool -- --test-threads=1
