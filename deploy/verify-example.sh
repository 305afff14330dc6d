#!/usr/bin/env bash
# Runs the worked example of docs/protocol.md against a gateway of these programs.
# usage: verify-example.sh FOLDER-OF-PROGRAMS
set -euo pipefail
programs=$(cd "${1:?usage: verify-example.sh FOLDER-OF-PROGRAMS}" && pwd)
cd "$(dirname "$0")/.."
work=$(mktemp -d)
touch "$work/log"
"$programs/nlgated" --listen "unix://$work/s.sock" --admin none --frontends 1 --readers 1 2>"$work/log" &
daemon=$!
trap 'kill "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 150); do
    ! grep -q 'listening on' "$work/log" || break
    kill -0 "$daemon" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.1
done
python3 docs/wire-example.py "$work/s.sock" --quiet --check docs/protocol.md
echo "verify-example: the example of docs/protocol.md is what the gateway says"
