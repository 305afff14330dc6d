# For deploy/deb/test-inside.sh, which reads this: restarts and an upgrade in whose middle clients come.
# The service waits for a file to go before the daemon starts again, so that there is a middle.

hold=/run/nlgate-test.hold

# The service as it is installed, but for that wait, and for a line more.
hold_starts() {
    mkdir -p /etc/systemd/system/nlgated.service.d
    printf '[Service]\nExecStartPre=/bin/sh -c "while [ -e %s ]; do sleep 0.1; done"\n%s\n' "$hold" "${1:-}" \
        >/etc/systemd/system/nlgated.service.d/hold.conf
    systemctl daemon-reload
}
dont_hold() {
    rm -r /etc/systemd/system/nlgated.service.d
    systemctl daemon-reload
}
main_pid() { systemctl show -p MainPID --value nlgated.service; }
is_held() { [ "$(systemctl show -p SubState --value nlgated.service)" = start-pre ]; }
# Somebody is connected there, and nobody has accepted him.
waits_at() { ss -Hltnx | grep -F "$1 " | awk '{ for (i = 2; i < NF; i++) if ($i == "LISTEN") { waiting += $(i + 1) } } END { exit !waiting }'; }

# A session of OpenSSL's own client: preface and HELLO for NETLINK_ROUTE, then it listens; what comes is in the file.
live_session() {
    {
        printf 'nlgate/1\x20\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x08\0\x01\0\0\0\0\0\x05\0\x06\0\x01\0\0\0'
        exec sleep 200
    } | ip netns exec second openssl s_client -quiet -connect 192.0.2.1:7000 -verify_return_error \
        -key "$scratch/pki/client/alice.key" -cert "$scratch/pki/client/alice.crt" -CAfile "$scratch/pki/ca.crt" \
        >"$1" 2>"$1.said" &
    wait_for 10 told "$1" 0200
}
# told FILE KIND [CODE]: there was a frame of this kind, with this as its first attribute; hexadecimal, little-endian.
told() { od -An -v -tx1 "$1" | tr -d ' \n' | grep -qE "${2}0000[0-9a-f]{16}${3:+08000100$3}"; }

# held_restart COMMAND…: this restarts the service, and in the middle of it a client comes. Both are waited for.
held_restart() {
    local before restart remote
    before=$(main_pid)
    touch "$hold"
    "$@" >"$scratch/restart" 2>&1 &
    restart=$!
    wait_for 30 is_held
    [ "$(main_pid)" = 0 ]
    as alice link list >"$scratch/remote" 2>&1 &
    remote=$!
    [ -z "${is_refused:-}" ] || {
        not wait "$remote"
        rm "$hold"
        wait "$restart" || { cat "$scratch/restart"; fail "$*"; }
        return 0
    }
    wait_for 10 waits_at 0.0.0.0:7000
    if [ -n "${local_socket:-}" ]; then
        nlgate link list -H "unix://$local_socket" >"$scratch/local" 2>&1 &
        local_client=$!
        wait_for 10 waits_at "$local_socket"
        kill -0 "$local_client"
    fi
    kill -0 "$remote"
    rm "$hold"
    wait "$restart" || { cat "$scratch/restart"; fail "$*"; }
    wait "$remote" || { cat "$scratch/remote"; fail "the client that waited was not served"; }
    grep -q toward "$scratch/remote"
    if [ -n "${local_socket:-}" ]; then
        wait "$local_client" || { cat "$scratch/local"; fail "the local client that waited was not served"; }
        grep -q toward "$scratch/local"
    fi
    [ "$(main_pid)" != "$before" ]
}

test_restarts() {
    cp /etc/nlgate/nlgated.yaml "$scratch/nlgated.yaml"
    sed -i 's#^listen: .*#listen: ["tls://[::]:7000", "tls://0.0.0.0:7000", "unix:///run/nlgate/local.sock"]#' \
        /etc/nlgate/nlgated.yaml
    sed -i 's/^clients:/&\n  local: { uid: 0 }/; s/GETROUTE\]/GETROUTE, GETNEIGH]/' /etc/nlgate/policy.yaml
    echo '  - { client: local, roles: [look] }' >>/etc/nlgate/policy.yaml
    # Without a place for its sockets: so that what follows shows something.
    hold_starts FileDescriptorStoreMax=0
    systemctl restart nlgated.service
    is_refused=yes held_restart systemctl restart nlgated.service
    grep -q refused "$scratch/remote" || { cat "$scratch/remote"; fail "the client was not refused"; }
    ok "without systemd's store for sockets, who comes during a restart is refused"

    hold_starts
    systemctl restart nlgated.service
    live_session "$scratch/live"
    local_socket=/run/nlgate/local.sock held_restart systemctl restart nlgated.service
    told "$scratch/live" 0b00 03000000 || fail "no GOODBYE 3 for the session that was there"
    journalctl --no-pager -o cat -u nlgated.service | not grep -q 'is not wanted any more'
    ok "restart: sessions end with GOODBYE 3; who comes meanwhile waits and is served, over TLS and on this host"

    # An upgrade, while something is armed.
    local mtu
    mtu=$(cat /sys/class/net/made/mtu)
    live_session "$scratch/live"
    sleep 200 | script -qefc "ip netns exec second nlgate link set made mtu 1300 --confirm-within 600 \
        -H tls://192.0.2.1:7000 --key $scratch/pki/client/alice.key --cert $scratch/pki/client/alice.crt \
        --ca $scratch/pki/ca.crt" "$scratch/armed" >/dev/null 2>&1 &
    wait_for 10 grep -q 'Keep the change' "$scratch/armed" || { cat "$scratch/armed"; fail "nothing is armed"; }
    [ "$(cat /sys/class/net/made/mtu)" = 1300 ]
    cp /etc/nlgate/nlgated.yaml "$scratch/edited.yaml"
    held_restart dpkg -i --force-confold /given/next.deb
    [ "$(dpkg-query -W -f '${Version}' nlgate)" = "$(dpkg-deb -f /given/next.deb Version)" ]
    [ "$(cat /sys/class/net/made/mtu)" = "$mtu" ] || fail "the armed list was not sent"
    journalctl --no-pager -o cat -u nlgated.service | grep -q '"event":"rolled-back"'
    told "$scratch/live" 0b00 03000000 || fail "no GOODBYE 3 for the session that was there"
    cmp /etc/nlgate/nlgated.yaml "$scratch/edited.yaml"
    grep -q 'next version' /etc/nlgate/nlgated.yaml.dpkg-dist
    for file in server.key server.crt ca.crt policy.yaml; do [ -s "/etc/nlgate/$file" ]; done
    # The one who armed still waits for somebody to press Enter.
    for pid in $(pids nlgate); do kill "$pid"; done
    ok "upgrade: armed lists are sent, sessions end with GOODBYE 3, who comes meanwhile waits; edited files stay"

    # A stop is no restart.
    systemctl stop nlgated.service
    not listens 7000
    [ ! -e /run/nlgate ]
    not as alice link list >"$scratch/remote" 2>&1
    grep -q refused "$scratch/remote"
    systemctl start nlgated.service
    as alice link list >/dev/null
    ok "a stop closes the port and removes paths"
    cp "$scratch/nlgated.yaml" /etc/nlgate/nlgated.yaml
    systemctl restart nlgated.service
    [ ! -e /run/nlgate/local.sock ]
    ok "what the configuration doesn't want any more is closed"
    dont_hold

    # A user is gone.
    userdel nlgate-keeper
    not systemctl restart nlgated.service 2>/dev/null
    systemctl stop nlgated.service
    journalctl --no-pager -o cat -u nlgated.service | grep -q 'there is no user nlgate-keeper, but'
    [ -z "$(pids 'nlgate-.*')" ]
    systemd-sysusers nlgate.conf 2>/dev/null
    systemctl reset-failed nlgated.service
    systemctl start nlgated.service
    as alice link list >/dev/null
    ok "a missing user stops the start, in words, and nothing is left; systemd-sysusers mends it"
}

test_restart_of_activated() {
    hold_starts
    live_session "$scratch/live"
    held_restart systemctl restart nlgated.service
    told "$scratch/live" 0b00 03000000
    dont_hold
    ok "socket activation: who comes during a restart waits and is served"
}
