#!/usr/bin/env bash
# Builds the library's documentation with DocC into OUTPUT/RemoteNetlink, /NetlinkFamilies and /NetlinkWire. Fails on a
# warning, such as a link that leads nowhere, on a public declaration without a comment, and on one that throws and
# doesn't say what. Needs a debug build.
#   deploy/docs.sh OUTPUT
set -euo pipefail
cd "$(dirname "$0")/.."
output=$1
build=$(${SWIFT:-swift} build --show-bin-path)
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT
target=$(${SWIFT:-swift} -print-target-info | python3 -c 'import json, sys; print(json.load(sys.stdin)["target"]["triple"])')

for module in RemoteNetlink NetlinkFamilies NetlinkWire; do
    mkdir -p "$graphs/$module" "$output"
    # The C modules that ours are built on are found as the build finds them.
    ${SWIFT:-swift} symbolgraph-extract -module-name "$module" -target "$target" -I "$build/Modules" \
        -Xcc -fmodule-map-file="$build/CLinux.build/module.modulemap" \
        -Xcc -fmodule-map-file="$PWD/Sources/COpenSSL/module.modulemap" \
        -minimum-access-level public -skip-synthesized-members -output-dir "$graphs/$module"
    python3 deploy/check-symbols.py "$graphs/$module/$module.symbols.json"
    # What is written about one module only; extensions of others have their own place.
    rm -f "$graphs/$module/$module@"*
    catalogue=()
    [ ! -d "Sources/$module/$module.docc" ] || catalogue=("Sources/$module/$module.docc")
    docc convert "${catalogue[@]}" --additional-symbol-graph-dir "$graphs/$module" --warnings-as-errors \
        --fallback-display-name "$module" --fallback-bundle-identifier "nlgate.$module" --output-path "$output/$module"
done
