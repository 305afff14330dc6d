#!/usr/bin/env bash
# What deploy/test-deb.sh does with the package inside of a clean system: "tree" without systemd, "booted" under it.
# Not to be run anywhere else: it installs, listens and purges.
set -Eeuo pipefail
[ -e /given/nlgate.deb ] || { echo "for deploy/test-deb.sh alone" >&2; exit 2; }
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
scratch=/tmp/nlgate-test

ok() { echo "ok $*"; }
fail() {
    echo "FAILED: $*"
    if [ -d /run/systemd/system ]; then
        systemctl status --no-pager --full nlgated.service 2>&1 | tail -n 30 || true
        journalctl --no-pager -n 40 2>/dev/null | tail -n 40 || true
    fi
    exit 1
}
trap 'fail "line $LINENO: $BASH_COMMAND"' ERR

. /given/test-restarts.sh

# Every file that is there, without what every system changes by itself.
files() {
    find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /given -o -path /dev -o -path /var/lib/dpkg \
        -o -path /var/log -o -path /var/cache -o -path /var/lib/systemd -o -path /var/tmp \) -prune -o -print | sort
    find /var/log /run -xdev -name '*nlgate*' | grep -v nlgate-test || true
}
accounts() { getent passwd | cut -d : -f 1 | sort; getent group | cut -d : -f 1 | sort; }
# Processes by name; a minimal system has no pgrep.
pids() {
    local folder name
    for folder in /proc/[0-9]*; do
        name=$(tr '\0' '\n' 2>/dev/null <"$folder/cmdline" | head -n 1) || continue
        if [[ ${name##*/} =~ ^($1)$ ]]; then echo "${folder#/proc/}"; fi
    done | sort -n
}
not() { if "$@"; then return 1; fi; }
listens() { ss -Hltn "sport = :$1" | grep -q .; }
# wait_for SECONDS COMMAND…
wait_for() {
    local last=$((SECONDS + $1))
    shift
    until "$@" >"$scratch/last" 2>&1; do
        [ "$SECONDS" -lt "$last" ] || { cat "$scratch/last"; return 1; }
        sleep 0.1
    done
}

install_and_look() {
    # The second one is apt's own, which the first use of it makes.
    mkdir -p "$scratch" /var/lib/apt/lists/auxfiles
    files >"$scratch/files.before"
    accounts >"$scratch/accounts.before"
    # Everything that it needs is there: apt has nowhere else to get something from.
    DEBIAN_FRONTEND=noninteractive apt-get install --yes -o Dpkg::Use-Pty=0 /given/nlgate.deb >"$scratch/apt" 2>&1 ||
        { cat "$scratch/apt"; fail "apt-get install"; }
    for role in frontend keeper reader broker policyc; do id "nlgate-$role" >/dev/null; done
    dpkg --verify nlgate
    [ -z "$(find /etc/nlgate /usr/libexec/nlgate /usr/sbin/nlgated /usr/bin/nlgate -not -user root -o -type f -perm /022)" ]
    for file in /usr/share/man/man8/nlgated.8.gz /usr/share/bash-completion/completions/nlgate \
        /etc/nlgate/presets/read-only.yaml /usr/lib/sysusers.d/nlgate.conf; do [ -s "$file" ]; done
    for preset in /etc/nlgate/presets/*.yaml; do nlgate policy check "$preset" >/dev/null 2>&1; done
    bash -n /usr/share/bash-completion/completions/nlgate
    ok "installed: users, files of root alone, manual pages, completions, valid presets"
}

purge_and_look() {
    dpkg -P nlgate >"$scratch/dpkg" 2>&1 || { cat "$scratch/dpkg"; fail "dpkg -P"; }
    files >"$scratch/files.after"
    accounts >"$scratch/accounts.after"
    diff "$scratch/files.before" "$scratch/files.after" || fail "purging leaves files"
    diff "$scratch/accounts.before" "$scratch/accounts.after" || fail "purging leaves users"
    [ -z "$(pids 'nlgate.*')" ] || fail "purging leaves processes: $(pids 'nlgate.*')"
    ok "purged: no file, user or process is left"
}

if [ "${1:-}" = tree ]; then
    install_and_look
    purge_and_look
    exit 0
fi

install_and_look

# No key, no port.
[ "$(systemctl is-enabled nlgated.service nlgated.socket 2>/dev/null | sort -u || true)" = disabled ]
systemctl start nlgated.service
[ "$(systemctl is-active nlgated.service || true)" = inactive ]
systemctl start nlgated.socket || true
not listens 7000
ok "without a key nothing listens, not even when it is started"
systemd-analyze verify --man=no /usr/lib/systemd/system/nlgate*.service /usr/lib/systemd/system/nlgated.socket 2>&1 |
    not grep nlgate
ok "systemd-analyze verify"
systemd-analyze security --offline=true --threshold=31 --no-pager /usr/lib/systemd/system/nlgated.service >/dev/null
ok "systemd-analyze security is below 3.2"

# A second host, and certificates.
ip netns add second
ip link add toward type veth peer name uplink netns second
ip address add 192.0.2.1/24 dev toward
ip -n second address add 192.0.2.2/24 dev uplink
ip link set toward up
ip -n second link set uplink up
ip -n second link set lo up
nlgate pki init "$scratch/pki" --name "Test CA" >/dev/null
nlgate pki server "$scratch/pki" 192.0.2.1 >/dev/null
for client in alice bob; do nlgate pki client "$scratch/pki" "$client" >/dev/null; done
install -m 0600 "$scratch/pki/server/192.0.2.1.key" /etc/nlgate/server.key
install -m 0644 "$scratch/pki/server/192.0.2.1.crt" /etc/nlgate/server.crt
install -m 0644 "$scratch/pki/ca.crt" /etc/nlgate/ca.crt
policy() {
    printf 'policy: 1\nclients:\n  alice: { common-name: alice }\n  bob: { common-name: bob }\nroles:\n' >/etc/nlgate/new
    printf '  look: { read: { route: [GETLINK, GETADDR, GETROUTE] }, listen: { route: [LINK] } }\n' >>/etc/nlgate/new
    printf '  change: { include: [look], write: { route: [NEWLINK, SETLINK, DELLINK] }, where: { link-kind: [veth] } }\n' >>/etc/nlgate/new
    printf 'bindings:\n%s\n' "$1" >>/etc/nlgate/new
    nlgate policy check /etc/nlgate/new >/dev/null 2>&1
    mv /etc/nlgate/new /etc/nlgate/policy.yaml
}
policy '  - { client: alice, roles: [look] }
  - { client: bob, roles: [look] }'
sed -i 's#^policy: .*#policy: /etc/nlgate/policy.yaml#' /etc/nlgate/nlgated.yaml
nlgated --check >"$scratch/check" 2>&1 || { cat "$scratch/check"; fail "nlgated --check"; }
echo 'lisen: []' >>/etc/nlgate/nlgated.yaml
not nlgated --check >"$scratch/check" 2>&1
grep -qE '^/etc/nlgate/nlgated.yaml:[0-9]+:1: error: .*did you mean listen' "$scratch/check"
sed -i '$d' /etc/nlgate/nlgated.yaml
nlgated --print-config | grep -q "^policy: '/etc/nlgate/policy.yaml'  # /etc/nlgate/nlgated.yaml:"
ok "nlgated --check and --print-config name file and line"

systemctl enable --now nlgated.service 2>/dev/null || fail "systemctl enable --now nlgated"
[ "$(systemctl is-active nlgated.service)" = active ]
listens 7000
[ "$(systemctl show -p StatusText --value nlgated.service)" = serving ]
ok "started for real by systemd, with LoadCredential, readiness and the unit's sandbox"

as() {
    local client=$1
    shift
    ip netns exec second nlgate "$@" -H tls://192.0.2.1:7000 --key "$scratch/pki/client/$client.key" \
        --cert "$scratch/pki/client/$client.crt" --ca "$scratch/pki/ca.crt"
}
as alice link list --json >"$scratch/links"
grep -q '"ifname":"toward"' "$scratch/links"
not grep -q uplink "$scratch/links"
ok "a client in another network namespace sees this one's links"
not as alice link add made type veth peer name other 2>"$scratch/refused"
grep -q "policy does not grant route NEWLINK to CN=alice" "$scratch/refused"
ok "what the policy doesn't grant is refused"

# Reload; a live session survives it.
as bob monitor link >"$scratch/monitor" 2>&1 &
monitor=$!
policy '  - { client: alice, roles: [change] }
  - { client: bob, roles: [look] }'
systemctl reload nlgated.service
wait_for 10 as alice link add made type veth peer name other || fail "the reload gives alice nothing"
[ -d /sys/class/net/made ]
ok "a reload puts another policy in force, and a privileged broker writes"
wait_for 10 grep -q made "$scratch/monitor" || fail "bob's session saw nothing"
kill -0 "$monitor"
ok "a session that was open goes on"

# Revoked: its session ends, and there is no new one.
policy '  - { client: alice, roles: [change] }'
systemctl reload nlgated.service
ended() { journalctl --no-pager -o cat -u nlgated.service | grep -q '"client":\["bob"\].*no longer knows this client'; }
wait_for 10 ended || fail "bob's session goes on"
# Not the shell that started it.
for pid in $(pids nlgate); do kill "$pid"; done
wait "$monitor" || true
not as bob link list >"$scratch/refused" 2>&1
as alice link list >/dev/null
ok "a client that is revoked loses its session and gets no other"

nlgate status --json >"$scratch/status"
grep -q '"name":"nlgate-frontend 0".*"state":"sealed"' "$scratch/status"
not grep -q '"state":"incomplete"' "$scratch/status"
[ "$(grep -o '"subject":"CN=192.0.2.1","ends":[0-9]*' "$scratch/status" | cut -d : -f 3)" -gt "$(date +%s)" ]
not setpriv --reuid=65534 --clear-groups nlgate status 2>/dev/null
ok "status: processes are sealed, certificates have an end, and only root is told"
mkdir -p /var/lib/prometheus/node-exporter
systemctl start nlgate-metrics.service
grep -q '^nlgate_sessions_limit ' /var/lib/prometheus/node-exporter/nlgate.prom
grep -q '^nlgate_certificate_expiry_timestamp_seconds{certificate="server certificate"' \
    /var/lib/prometheus/node-exporter/nlgate.prom
systemctl enable --now nlgate-metrics.timer 2>/dev/null
[ "$(systemctl is-active nlgate-metrics.timer)" = active ]
rm -r /var/lib/prometheus
ok "metrics are written for node_exporter, by a sandboxed unit"
nlgate doctor >"$scratch/doctor"
for role in frontend "broker reader"; do grep -q "nlgate-$role" "$scratch/doctor"; done
for process in nlgate-frontend nlgate-broker; do
    pid=$(pids "$process" | head -n 1)
    [ "$(awk '/^CapEff/ { print $2 }' "/proc/$pid/status")" = 0000000000000000 ]
    [ "$(awk '/^Seccomp:/ { print $2 }' "/proc/$pid/status")" = 2 ]
    [ "$(awk '/^Uid/ { print $2 }' "/proc/$pid/status")" -ne 0 ]
done
ok "doctor: every process is sealed under the unit as well"
journalctl --no-pager -o json -u nlgated.service >"$scratch/journal"
grep -q 'NEWLINK' "$scratch/journal" || fail "the audit log is not in the journal"
ok "the audit log is in the journal"
# What the documents ask the journal: who is refused, and what is worth a warning.
journalctl NLGATE_EVENT=denied NLGATE_CLIENT=alice --no-pager -o cat | grep -q '"event":"denied"'
[ -z "$(journalctl NLGATE_EVENT=denied NLGATE_CLIENT=noc --no-pager -o cat -q)" ]
lines() { journalctl -u nlgated "$@" --no-pager -q -o cat | wc -l; }
[ "$(lines -p warning)" -lt "$(lines)" ]
ok "the journal can be asked by client, event and level"

# A crash: systemd starts it again.
before=$(systemctl show -p MainPID --value nlgated.service)
kill -KILL "$before"
wait_for 15 as alice link list || fail "it wasn't started again"
[ "$(systemctl show -p MainPID --value nlgated.service)" != "$before" ]
ok "killed, it is started again"

test_restarts

# One for a namespace.
ip netns add blue
ip link add to-blue type veth peer name from-host netns blue
ip address add 198.51.100.1/24 dev to-blue
ip -n blue address add 198.51.100.2/24 dev from-host
ip link set to-blue up
ip -n blue link set from-host up
ip -n blue link set lo up
nlgate pki server "$scratch/pki" 198.51.100.2 --out "$scratch/blue" >/dev/null
install -m 0600 "$scratch"/blue/*.key /etc/nlgate/blue.key
install -m 0644 "$scratch"/blue/*.crt /etc/nlgate/blue.crt
sed 's#server#blue#; s#^policy: .*#policy: builtin:read-only#' /etc/nlgate/nlgated.yaml >/etc/nlgate/blue.yaml
systemctl start nlgated@blue.service || { systemctl status --no-pager nlgated@blue.service; fail "nlgated@blue"; }
nlgate link list --json -H tls://198.51.100.2:7000 --key "$scratch/pki/client/bob.key" \
    --cert "$scratch/pki/client/bob.crt" --ca "$scratch/pki/ca.crt" >"$scratch/links"
grep -q '"ifname":"from-host"' "$scratch/links"
not grep -q '"ifname":"toward"' "$scratch/links"
nlgate doctor --admin /run/nlgate-blue/admin.sock >/dev/null
systemctl stop nlgated@blue.service
ok "nlgated@blue serves the namespace blue from inside"

# Socket activation: systemd has the port, and the first client starts the daemon.
systemctl disable --now nlgated.service 2>/dev/null
not listens 7000
sed -i 's#^listen: .*#listen: []#' /etc/nlgate/nlgated.yaml
systemctl enable --now nlgated.socket 2>/dev/null
listens 7000
[ "$(systemctl is-active nlgated.service || true)" = inactive ]
as alice link list >/dev/null
[ "$(systemctl is-active nlgated.service)" = active ]
ok "socket activation: the first client starts the daemon"
test_restart_of_activated

ip link delete made
ip link delete toward
ip link delete to-blue
ip netns delete second
ip netns delete blue
purge_and_look
not listens 7000
[ -z "$(systemctl list-units --all --no-legend 'nlgate[d@-]*' | grep -v nlgate-test | grep -v not-found || true)" ]
ok "no unit is left"
echo "all passed"
