#!/bin/sh
# Makes every vector anew: each case of cases.txt in fresh network namespaces, under strace. Needs root, iproute2,
# strace, python3. Usage: capture.sh [CASE…]
set -eu
cd "$(dirname "$0")"
trace=$(mktemp -d)
trap 'rm -rf "$trace"' EXIT
python3 annotate.py list cases.txt "$@" | while read -r name; do
    python3 annotate.py script cases.txt "$name" >"$trace/run.sh"
    # The second namespace lives as long as its sleep.
    unshare -n sleep 60 </dev/null >/dev/null 2>&1 &
    peer=$!
    sleep 0.05
    rm -f "$trace/strace" "$trace/stdout" "$trace/names"
    if TRACE=$trace PEER=$peer timeout 20 unshare -n sh -eu "$trace/run.sh" </dev/null 2>"$trace/stderr"; then
        mkdir -p "$(dirname "$name")"
        python3 annotate.py vector cases.txt "$name" "$trace" >"$trace/vector" && mv "$trace/vector" "$name.nl" ||
            echo "$name: nothing kept" >&2
    else
        echo "$name: left out: $(head -1 "$trace/stderr")" >&2
    fi
    kill "$peer"
    wait "$peer" 2>/dev/null || true
done
