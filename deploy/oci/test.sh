#!/usr/bin/env bash
# Builds the image, runs it with podman in a network namespace of its own, and uses it from outside the container:
# test.sh FOLDER-WITH-PROGRAMS
# Where podman can't run containers at all, it says so and only the image's content is checked.
set -euo pipefail
programs=$(realpath "${1:?the folder of the release programs}")
here=$(realpath "$(dirname "$0")")
[ "$(id -u)" -eq 0 ] || { echo "oci: not tried: only root can give a container a network namespace" >&2; exit 0; }
export PATH="$PATH:/usr/sbin:/sbin"
work=$(mktemp -d)
name=nlgate-test-$$
# A storage of its own: nothing of the machine's images is touched, and nothing is left.
podman=(podman --root "$work/storage" --runroot "$work/run" --storage-driver vfs --cgroup-manager cgroupfs
    --events-backend none --runtime runc)
clean() {
    "${podman[@]}" rm --force --time 1 "$name" >/dev/null 2>&1 || true
    ip netns del "$name" 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT
fail() {
    echo "oci: $*" >&2
    "${podman[@]}" logs "$name" >&2 2>/dev/null || true
    exit 1
}

cd "$work"
# The policy that the manifest for Kubernetes has inside.
sed -n '/^  policy.yaml: |/,/^---/p' "$here/../kubernetes/nlgate.yaml" | sed '1d;$d;s/^    //' >policy.yaml
"$programs/nlgate" policy check policy.yaml >policy.out || { cat policy.out >&2; exit 1; }

export BUILDAH="buildah --root $work/storage --runroot $work/run --storage-driver vfs" BUILDAH_ISOLATION=chroot
"$here/build.sh" "$programs" nlgate:test >/dev/null

nlgate=$programs/nlgate
{
    "$nlgate" pki init pki
    "$nlgate" pki server pki 127.0.0.1
    "$nlgate" pki client pki operator
} >/dev/null
mkdir etc
cp pki/ca.crt etc/
install -m 0400 pki/server/127.0.0.1.key etc/server.key
cp pki/server/127.0.0.1.crt etc/server.crt
ip netns add "$name"
ip -n "$name" link set lo up
ip -n "$name" link add nlgoci type bridge

run=("${podman[@]}" run --detach --name "$name" --network "ns:/run/netns/$name" --read-only --cap-drop all
    --cap-add SYS_ADMIN,NET_ADMIN,SETUID,SETGID,SETPCAP,KILL
    --ulimit "nofile=$(ulimit -n):$(ulimit -n)" --ulimit nproc=4096:4096 --volume "$work/etc:/etc/nlgate:ro")
# A machine that can't run any container isn't nlgate's fault; the same program without its arguments tells.
if ! said=$("${podman[@]}" run --rm --network none --read-only --ulimit "nofile=$(ulimit -n):$(ulimit -n)" \
    --ulimit nproc=4096:4096 nlgate:test --version 2>&1); then
    echo "oci: image built; not run: podman can't run containers here: $(tail -n 1 <<<"$said")"
    exit 0
fi
"${run[@]}" nlgate:test --listen tls://127.0.0.1:7000 --key /etc/nlgate/server.key --cert /etc/nlgate/server.crt \
    --ca /etc/nlgate/ca.crt --policy builtin:unrestricted --admin none >/dev/null || fail "the container does not start"
for _ in $(seq 100); do
    "${podman[@]}" logs "$name" 2>&1 | grep -q 'listening on' && break
    sleep 0.1
done

remote() {
    ip netns exec "$name" "$nlgate" --host tls://127.0.0.1:7000 --key pki/client/operator.key \
        --cert pki/client/operator.crt --ca pki/ca.crt "$@"
}
remote link | grep -q nlgoci || fail "it doesn't show the namespace's links"
remote link set nlgoci up || fail "it can't change a link"
ip -n "$name" link show nlgoci | grep -q ',UP' || fail "the change never came to the kernel"
"${podman[@]}" stop --time 15 "$name" >/dev/null || fail "it doesn't stop"
"${podman[@]}" logs "$name" 2>&1 | grep -q 'signal 31' && fail "a system call outside the filter"
echo "oci: image built, run read-only with six capabilities in a network namespace, read from and written to"
