#!/usr/bin/env bash
# Kills a run of `parhelion prove` at random moments, PARHELION_KILLS times (default 20), and resumes it each time.
# No chunk that was finished may be lost or proven again, and what comes out in the end must verify. A run that ends
# before it is killed is verified, and the next one begins anew. Arguments are passed to `prove`; the default is a
# transfer in Token-2022 in chunks of 60 instructions. PARHELION_KILL_AFTER is the longest time to wait, in seconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kills="${PARHELION_KILLS:-20}"
longest="${PARHELION_KILL_AFTER:-4}"
RANDOM="${PARHELION_KILL_SEED:-$$}"
[ $# -gt 0 ] || set -- --demo token-2022-transfer --chunk-size 60

cargo build --release -p parhelion-cli
parhelion="${CARGO_TARGET_DIR:-target}/release/parhelion"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
out="$work/out"

sums() { # the chunks that are there, with checksums
    find "$out" -name 'chunk-??????' -exec sha256sum {} + 2>/dev/null | sort -k2 || true
}

lost() { # lines of $1 that are not in $2: chunks gone or made again
    comm -23 <(sort "$1") <(sort "$2")
}

killed=0 finished=0 most=0
: >"$work/before"
while [ "$killed" -lt "$kills" ]; do
    "$parhelion" prove "$@" --out "$out" >"$work/log" 2>&1 &
    run=$!
    sleep "$(awk -v r="$RANDOM" -v longest="$longest" 'BEGIN { printf "%.3f", longest * r / 32768 }')"
    # Nothing to kill if it has ended; then how it ended counts.
    kill -9 "$run" 2>/dev/null || true
    if wait "$run" 2>/dev/null; then
        "$parhelion" verify "$out" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
        finished=$((finished + 1))
        rm -rf "$out"
        : >"$work/before"
        continue
    fi
    if grep -q '^error' "$work/log"; then
        cat "$work/log"
        exit 1
    fi
    killed=$((killed + 1))
    sums >"$work/after"
    if [ -n "$(lost "$work/before" "$work/after")" ]; then
        echo "chunks were lost or proven twice:"
        lost "$work/before" "$work/after"
        exit 1
    fi
    mv "$work/after" "$work/before"
    there="$(wc -l <"$work/before")"
    most=$((there > most ? there : most))
    echo "kill $killed: $there chunks are there"
done

"$parhelion" prove "$@" --out "$out"
sums >"$work/after"
[ -z "$(lost "$work/before" "$work/after")" ] || { echo "chunks were lost or proven twice"; exit 1; }
"$parhelion" verify "$out"
echo "$killed kills, $finished runs finished before theirs, up to $most chunks kept: verified"
