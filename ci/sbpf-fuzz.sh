#!/usr/bin/env bash
# Random sBPF programs in our machine and in solana-sbpf's interpreter, which must agree at every step, for
# PARHELION_FUZZ_SECONDS (default 600) from seed PARHELION_FUZZ_SEED (default: the time). A failure prints its seed and
# the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export PARHELION_FUZZ_SECONDS="${PARHELION_FUZZ_SECONDS:-600}"
export PARHELION_FUZZ_SEED="${PARHELION_FUZZ_SEED:-$(date +%s)000000}"

cargo test --release -p parhelion-sbpf --all-features --test suite random:: -- --nocapture --test-threads=1 "$@"
