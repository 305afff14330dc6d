#!/usr/bin/env bash
# Checks what nlgate is put into other systems with: the rules for nftables, by nft, also against real packets; the
# manifest for Kubernetes, by a validator that has its schemas. deploy/oci/test.sh tries the container image.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin"
failures=0
complain() {
    echo "check-homes: $*" >&2
    failures=$((failures + 1))
}

# Whoever is in the set gets through, whoever isn't does not, other ports are not touched.
rules() {
    unshare --net bash -euo pipefail -c '
        ip link set lo up
        ip addr add 192.0.2.1/32 dev lo
        unshare --net sleep 60 & peer=$!
        for _ in $(seq 50); do [ "$(readlink /proc/$peer/ns/net)" = "$(readlink /proc/self/ns/net)" ] || break; sleep 0.1; done
        ip link add here type veth peer name there netns "$peer"
        ip addr add 192.0.2.254/24 dev here
        ip addr add 198.51.100.254/24 dev here
        ip link set here up
        nsenter --net="/proc/$peer/ns/net" sh -c "
            ip addr add 192.0.2.7/24 dev there && ip addr add 198.51.100.7/24 dev there && ip link set there up"
        nft -f deploy/nftables/nlgate.nft
        # Loaded again it is the same table once more.
        nft -f deploy/nftables/nlgate.nft
        python3 -c "
import socket, time
listeners = [socket.create_server((\"0.0.0.0\", port)) for port in (7000, 7001)]
time.sleep(60)" & listener=$!
        for _ in $(seq 50); do [ "$(ss -Hltn | wc -l)" -lt 2 ] || break; sleep 0.1; done
        nsenter --net="/proc/$peer/ns/net" python3 - <<"PYTHON"
import socket, sys
def reaches(source, target, port):
    try:
        socket.create_connection((target, port), timeout=1.5, source_address=(source, 0)).close()
        return True
    except OSError:
        return False
found = [reaches("192.0.2.7", "192.0.2.254", 7000), reaches("198.51.100.7", "198.51.100.254", 7000),
         reaches("198.51.100.7", "198.51.100.254", 7001)]
if found != [True, False, True]:
    sys.exit("a client, a stranger, and a stranger at another port: %s" % found)
PYTHON
        kill "$peer" "$listener"'
}
if [ "$(id -u)" -ne 0 ]; then
    echo "check-homes: nftables: not tried, only root can load rules"
elif rules; then
    echo "check-homes: nftables: clients reach the port, others don't, other ports are as before"
else
    complain "deploy/nftables/nlgate.nft does not do what it says"
fi

# The validator and what it needs, from the package index, in a folder of its own.
validator=.build/kubernetes-validate
[ -d "$validator/kubernetes_validate" ] || timeout 180 python3 -m pip install --quiet --disable-pip-version-check \
    --root-user-action ignore --target "$validator" kubernetes-validate==1.32.0 >/dev/null 2>&1 || rm -rf "$validator"
if [ ! -d "$validator/kubernetes_validate" ]; then
    echo "check-homes: Kubernetes: not tried, the package index has no kubernetes-validate for this Python"
elif PYTHONPATH=$validator python3 -m kubernetes_validate --strict deploy/kubernetes/nlgate.yaml; then
    echo "check-homes: Kubernetes: the manifest is valid by its schemas"
else
    complain "deploy/kubernetes/nlgate.yaml isn't valid"
fi

[ "$failures" -eq 0 ] || exit 1
