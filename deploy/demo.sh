#!/usr/bin/env bash
# Two hosts in network namespaces, joined by a veth pair: a gateway on one, a client on the other, mutual TLS between
# them. Everything that this makes is removed at its end, also after an error or Ctrl-C.
# usage: demo.sh FOLDER-OF-PROGRAMS
set -euo pipefail
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

programs=$(cd "${1:?usage: demo.sh FOLDER-OF-PROGRAMS}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
nlgate=$programs/nlgate
server=nlgate-demo-server-$$
client=nlgate-demo-client-$$
work=$(mktemp -d)
chmod 755 "$work"
daemon=

cleanup() {
    status=$?
    trap '' INT TERM
    if [ -n "$daemon" ] && kill "$daemon" 2>/dev/null; then
        for _ in $(seq 70); do
            kill -0 "$daemon" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$daemon" 2>/dev/null || true
    fi
    ip netns delete "$server" 2>/dev/null || true
    ip netns delete "$client" 2>/dev/null || true
    rm -rf "$work"
    trap - EXIT
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi; }

# show COMMAND...: says it, without the long names of folders, and runs it.
show() {
    local words=$*
    words=${words//"$programs/"/}
    printf '\n$ %s\n' "${words//"$work/"/}"
    "$@"
}

fail() {
    echo "demo: $*" >&2
    exit 1
}

# start_daemon COMMAND...: runs it and waits until it says that all its listeners are open.
start_daemon() {
    touch "$work/daemon.log"
    "$@" >"$work/daemon.log" 2>&1 &
    daemon=$!
    for _ in $(seq 150); do
        if grep -q "listening on unix://" "$work/daemon.log"; then return; fi
        kill -0 "$daemon" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/daemon.log" >&2
    fail "the daemon did not start; its words are above"
}

# has_command COMMAND [SUBCOMMAND]: the help of the program, or of the command, lists it.
has_command() {
    local listed=$1 within=()
    if [ $# -eq 2 ]; then
        listed=$2
        within=("$1")
    fi
    "$nlgate" "${within[@]}" --help 2>/dev/null | grep -Eq "^  $listed( |,|\$)"
}

# compare COMMAND: what the gateway's answer says of links, addresses or routes, against the server's own ip command.
compare() {
    python3 - "$1" "$(ip -n "$server" -j "$1")" "$("${remote[@]}" "$1" --json)" <<'EOF'
import json
import sys

what, local, remote = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])


def facts(objects):
    if what == "link":
        return {(o["ifname"], o["ifindex"], o["mtu"], o["address"], tuple(sorted(o["flags"]))) for o in objects}
    if what == "addr":
        return {(o["ifname"], a["local"], a["prefixlen"]) for o in objects for a in o.get("addr_info", [])}
    return {(o["dst"], o.get("gateway"), o["dev"]) for o in objects}


if facts(local) != facts(remote):
    sys.exit(f"{what}: only on the server {facts(local) - facts(remote)}, only through the gateway {facts(remote) - facts(local)}")
print(f"{what}: {len(facts(local))}, the same as the server's own 'ip -j {what}' shows")
EOF
}

as_user() {
    say "Without root there are no network namespaces to join: the gateway runs as $(id -un), over a Unix socket."
    echo "The processes keep this user's id, and a write would get the kernel's own refusal."
    start_daemon "$programs/nlgated" --listen "unix://$work/gate.sock" --admin "$work/admin.sock"
    export NLGATE_HOST=unix://$work/gate.sock
    show "$nlgate" whoami
    for command in link addr route; do
        if has_command "$command"; then show "$nlgate" "$command"; fi
    done
    show "$nlgate" doctor --admin "$work/admin.sock"
    say "Done. As root, 'make demo' shows two hosts and mutual TLS."
}

two_hosts() {
    say "1. Two hosts: $server and $client"
    ip netns add "$server"
    ip netns add "$client"
    ip -n "$server" link add uplink type veth peer name uplink netns "$client"
    ip -n "$server" link add br-lan type bridge
    ip -n "$server" link add port1 type veth peer name port1-peer
    ip -n "$server" link set port1 master br-lan
    ip -n "$server" addr add 192.0.2.1/24 dev uplink
    ip -n "$server" addr add 2001:db8::1/64 dev uplink nodad
    ip -n "$server" addr add 198.51.100.1/24 dev br-lan
    for link in lo uplink br-lan port1 port1-peer; do ip -n "$server" link set "$link" up; done
    ip -n "$server" route add 203.0.113.0/24 via 198.51.100.254
    ip -n "$server" route add default via 192.0.2.2
    ip -n "$client" addr add 192.0.2.2/24 dev uplink
    ip -n "$client" link set lo up
    ip -n "$client" link set uplink up

    say "2. A certificate authority, a server, a client"
    show "$nlgate" pki init "$work/pki" --name "nlgate demo CA"
    show "$nlgate" pki server "$work/pki" 192.0.2.1
    show "$nlgate" pki client "$work/pki" operator

    say "3. The gateway, on the server"
    echo "\$ nlgated --listen tls://192.0.2.1:7000 --key 192.0.2.1.key --cert 192.0.2.1.crt --ca ca.crt"
    start_daemon ip netns exec "$server" "$programs/nlgated" --listen tls://192.0.2.1:7000 \
        --key "$work/pki/server/192.0.2.1.key" --cert "$work/pki/server/192.0.2.1.crt" --ca "$work/pki/ca.crt" \
        --listen "unix://$work/gate.sock" --admin "$work/admin.sock"
    ps -o pid,ppid,uid,args -p "$daemon" --ppid "$daemon" | sed "s|$programs/||" | cut -c 1-100

    say "4. The client, on the other host"
    export NLGATE_HOST=tls://192.0.2.1:7000 NLGATE_CA=$work/pki/ca.crt
    export NLGATE_KEY=$work/pki/client/operator.key NLGATE_CERT=$work/pki/client/operator.crt
    remote=(ip netns exec "$client" "$nlgate")
    show "${remote[@]}" whoami
    for command in link addr route; do
        if has_command "$command"; then show "${remote[@]}" "$command"; fi
    done
    if has_command link; then
        say "5. Is it the server's kernel?"
        show ip -n "$server" -br link
        for command in link addr route; do compare "$command"; done
    fi

    say "6. What the policy does not grant"
    if has_command link && has_command link add; then
        printf '\n$ nlgate link add demo0 type bridge\n'
        status=0
        "${remote[@]}" link add demo0 type bridge || status=$?
        [ "$status" -eq 1 ] || fail "the write ended with status $status instead of 1, the policy's no"
    else
        echo "The command line can't write yet, so a program of its own asks to delete a link, over a Unix socket:"
        python3 "$here/../docs/wire-example.py" "$work/gate.sock" --quiet
    fi
    printf '\n$ nlgate whoami, with the certificate of another authority\n'
    "$nlgate" pki init "$work/other" --name "another CA" >/dev/null
    "$nlgate" pki client "$work/other" operator >/dev/null
    if NLGATE_KEY=$work/other/client/operator.key NLGATE_CERT=$work/other/client/operator.crt \
        "${remote[@]}" whoami; then
        fail "a certificate of another authority was accepted"
    fi

    say "7. What confines each process"
    show "$nlgate" doctor --admin "$work/admin.sock"
    say "Done."
}

if [ "$(id -u)" -eq 0 ]; then two_hosts; else as_user; fi
