#!/usr/bin/env bash
# Checks how the release programs are linked.
# usage: verify-binaries.sh FOLDER-WITH-SYMBOLS FOLDER-OF-STRIPPED-PROGRAMS
# The stripped programs are what is installed; the same programs before stripping show what was linked in statically.
set -euo pipefail

symbols=${1:?usage: verify-binaries.sh FOLDER-WITH-SYMBOLS FOLDER-OF-STRIPPED-PROGRAMS}
programs=${2:?usage: verify-binaries.sh FOLDER-WITH-SYMBOLS FOLDER-OF-STRIPPED-PROGRAMS}
failures=0
checks=0

# check PROGRAM SENTENCE COMMAND...: the sentence says what is wrong when the command fails.
check() {
    local program=$1 sentence=$2
    shift 2
    checks=$((checks + 1))
    if ! "$@"; then
        echo "$program: $sentence" >&2
        failures=$((failures + 1))
    fi
}

has() { grep -Eq -- "$1" <<<"$2"; }
has_not() { ! grep -Eq -- "$1" <<<"$2"; }
equal() { [ "$1" = "$2" ]; }

libc="libc.so.6 libgcc_s.so.1 libm.so.6 libstdc++.so.6"
expected_libraries() {
    case "$1" in
        nlgated | nlgate-broker | nlgate-policyc) echo "libcap.so.2 libseccomp.so.2 $libc" ;;
        nlgate-frontend | nlgate-keeper) echo "libcap.so.2 libcrypto.so.3 libseccomp.so.2 libssl.so.3 $libc" ;;
        nlgate) echo "libcrypto.so.3 libssl.so.3 $libc" ;;
    esac
}

sorted() { tr ' ' '\n' <<<"$1" | LC_ALL=C sort | tr '\n' ' '; }

verify_layout() {
    local program=$1 file=$programs/$1 header dynamic segments
    header=$(LC_ALL=C readelf -h "$file")
    dynamic=$(LC_ALL=C readelf -d "$file")
    segments=$(LC_ALL=C readelf -lW "$file")
    check "$program" "is not position independent (ET_DYN), so its code lies at a known address" \
        has 'Type: +DYN' "$header"
    check "$program" "is a library rather than a program: the PIE flag is missing" has 'FLAGS_1.*PIE' "$dynamic"
    check "$program" "binds symbols late (no BIND_NOW), so the table of function addresses stays writable" \
        has 'FLAGS_1.*NOW' "$dynamic"
    check "$program" "has no RELRO segment, so relocated data stays writable" has 'GNU_RELRO' "$segments"
    check "$program" "asks for an executable stack" has 'GNU_STACK.* RW +0x' "$segments"
    check "$program" "has a segment that is writable and executable" has_not 'LOAD.* RWE ' "$segments"
    check "$program" "carries a library search path (RUNPATH or RPATH), which others could fill" \
        has_not 'R(UN)?PATH' "$dynamic"
    check "$program" "has text relocations" has_not 'TEXTREL' "$dynamic"
    check "$program" "is not stripped" equal "" "$(LC_ALL=C nm "$file" 2>/dev/null | head -n 1)"
    local needed
    # The dynamic linker's own name differs between architectures.
    needed=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic" | grep -v '^ld-linux' | tr '\n' ' ')
    check "$program" "is linked to [$needed] instead of [$(expected_libraries "$program")]" \
        equal "$(sorted "${needed% }")" "$(sorted "$(expected_libraries "$program")")"
}

# What a process of the gateway must not contain: each of these starts threads or parses what it has no business with.
verify_content() {
    local program=$1 names
    names=$(LC_ALL=C nm "$symbols/$program")
    check "$program" "has no symbols in $symbols, so nothing can be said of what it contains" \
        has ' swift_retain$' "$names"
    check "$program" "contains the parser of YAML" has_not '4Yams|yaml_parser' "$names"
    check "$program" "contains Dispatch, which starts threads" has_not ' _?dispatch_(async|sync|queue|once)' "$names"
    check "$program" "contains the Concurrency runtime, which starts threads" has_not ' swift_task_' "$names"
    check "$program" "contains Foundation" has_not '10Foundation|20FoundationEssentials' "$names"
    check "$program" "contains the command line's argument parser" has_not '14ArgumentParser' "$names"
    case "$program" in
        nlgate-broker)
            check "$program" "contains the TLS module" has_not '9TLSSocket' "$names" ;;
        nlgate-frontend)
            check "$program" "contains the policy" has_not '13GatewayPolicy' "$names"
            check "$program" "contains netlink families" has_not '15NetlinkFamilies' "$names" ;;
        nlgate-keeper)
            check "$program" "contains the netlink codec" has_not '11NetlinkWire' "$names"
            check "$program" "contains the client protocol" has_not '15GatewayProtocol' "$names"
            check "$program" "contains the policy" has_not '13GatewayPolicy|10PolicyFile' "$names" ;;
        nlgated)
            check "$program" "contains the netlink codec" has_not '11NetlinkWire' "$names"
            check "$program" "contains the client protocol" has_not '15GatewayProtocol' "$names"
            check "$program" "contains the policy" has_not '13GatewayPolicy|10PolicyFile' "$names"
            check "$program" "contains the TLS module" has_not '9TLSSocket' "$names" ;;
    esac
}

for program in nlgated nlgate-frontend nlgate-keeper nlgate-broker nlgate-policyc nlgate; do
    for file in "$symbols/$program" "$programs/$program"; do
        [ -x "$file" ] || { echo "$file is missing: run 'make release' first" >&2; exit 1; }
    done
    verify_layout "$program"
done
for program in nlgated nlgate-frontend nlgate-keeper nlgate-broker; do verify_content "$program"; done
# Each program must at least start and know its version or its parent.
check nlgated "does not run" "$programs/nlgated" --version >/dev/null
check nlgate "does not run" "$programs/nlgate" --version >/dev/null
for helper in nlgate-frontend nlgate-keeper nlgate-broker nlgate-policyc; do
    status=0
    "$programs/$helper" >/dev/null 2>&1 || status=$?
    check "$helper" "started by hand it must refuse with status 2, not $status" equal "$status" 2
done

echo "verify-binaries: $checks checks, $failures failed"
[ "$failures" -eq 0 ]
