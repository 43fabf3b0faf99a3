#!/usr/bin/env bash
# Models of the scheduler's protocols (scheduler/src/pool/README.md), checked by loom over all interleavings with up to
# LOOM_MAX_PREEMPTIONS preemptions (default 3).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export RUSTFLAGS="--cfg loom ${RUSTFLAGS:-}"
# A separate directory, so that models and plain builds do not evict each other.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom"

cargo test --release -p parhelion-scheduler --lib models -- --nocapture "$@"
