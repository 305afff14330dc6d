#!/usr/bin/env bash
# Checks the systemd units: their syntax, that they stay below an exposure of 3.2, that each point of it is explained in
# nlgated.service, and that the template has the same sandbox.
set -euo pipefail
cd "$(dirname "$0")/systemd"
failures=0
complain() {
    echo "check-units: $*" >&2
    failures=$((failures + 1))
}
command -v systemd-analyze >/dev/null || { echo "check-units: systemd-analyze is missing, run deploy/setup.sh" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Syntax, of copies whose program exists on every machine.
for unit in *.service *.socket *.timer; do
    [ -e "$unit" ] || continue
    sed -E 's#^(ExecStart=)/usr/s?bin/nlgated?#\1/bin/true#' "$unit" >"$scratch/$unit"
done
instances=()
for unit in "$scratch"/*; do instances+=("${unit/@./@blue.}"); done
said=$(systemd-analyze verify --man=no "${instances[@]}" 2>&1) || complain "systemd-analyze verify fails"
[ -z "$said" ] || complain "systemd-analyze verify says: $said"

# The threshold is in tenths, and passes what equals it.
for unit in nlgated.service nlgated@.service; do
    report=$(systemd-analyze security --offline=true --threshold=31 --no-pager "$unit" 2>&1) ||
        complain "$unit: $(tail -n 1 <<<"$report")"
    tail -n 1 <<<"$report" | sed 's/^[^O]*/check-units: /'
    while read -r _ directive _; do
        name=${directive%%=*}=
        case "$directive" in
            CapabilityBoundingSet=*)
                name=${directive#*=\~}
                case "$name" in 'CAP_SET(UID|GID|PCAP)') name=CAP_SETPCAP ;; esac ;;
        esac
        grep -qE "^# .*${name}.*0\.[0-9]" nlgated.service || complain "nlgated.service doesn't explain $directive"
    done < <(grep -o '✗.*' <<<"$report")
done

sandbox() {
    grep -E '^(Capability|Ambient|NoNew|Protect|Private|Device|Lock|Memory|Restrict|System|Keyring|RemoveIPC|ProcSub|UMask|Limit)' "$1"
}
[ "$(sandbox nlgated.service)" = "$(sandbox nlgated@.service)" ] || complain "nlgated@.service has another sandbox"

[ "$failures" -eq 0 ] || exit 1
echo "check-units: syntax, exposure and its explanations are as they should be"
