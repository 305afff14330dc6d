#!/usr/bin/env bash
# Installs the package in a clean Debian of its own that systemd boots, uses it as an operator does, and purges it.
# usage: deploy/test-deb.sh FOLDER-WITH-THE-PACKAGE
#
# The system is made by mmdebstrap out of this machine's package sources, runs in systemd-nspawn with an empty network, and
# is thrown away. What runs inside is deploy/deb/test-inside.sh. Needs root.
set -euo pipefail
folder=$(realpath "${1:?usage: test-deb.sh FOLDER-WITH-THE-PACKAGE}")
script=$(realpath "$0")
cd "$(dirname "$script")"
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C
package=$(find "$folder" -maxdepth 1 -name 'nlgate_*.deb' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-)
[ -n "$package" ] || { echo "test-deb: no package in $folder, run 'make deb'" >&2; exit 1; }
if [ "$(id -u)" -ne 0 ]; then
    echo "test-deb: SKIPPED, a system can only be booted by root"
    exit 0
fi

# A mount namespace that ends with this script, so that nothing of it is left on the machine.
if [ "${NLGATE_TEST_DEB_INSIDE:-}" != 1 ]; then
    echo "test-deb: $(basename "$package"), $(du -h "$package" | cut -f 1)"
    lintian --fail-on error --allow-root "$package"
    echo "ok lintian finds no error"
    NLGATE_TEST_DEB_INSIDE=1 exec unshare --mount --cgroup --propagation private "$script" "$folder"
fi
scratch=$(mktemp -d /tmp/nlgate-deb.XXXXXX)
trap 'umount -R "$scratch" 2>/dev/null || true; rmdir "$scratch" 2>/dev/null || true' EXIT
mount -t tmpfs -o size=2g,mode=0755 tmpfs "$scratch"
root=$scratch/root
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
timeout 300 mmdebstrap --quiet --variant=minbase \
    --include=systemd-sysv,libcap2,libseccomp2,libssl3,libstdc++6,passwd,iproute2,openssl "$suite" "$root" >"$scratch/log" 2>&1 ||
    { cat "$scratch/log" >&2; exit 1; }

# Without systemd as process 1: into a tree and out again.
mkdir "$scratch/given" && cp "$package" "$scratch/given/nlgate.deb" && cp deb/test-*.sh "$scratch/given/"
# The next version: other options in its example of a configuration, the same programs.
dpkg-deb -R "$package" "$scratch/next"
sed -i 's/^Version: .*/&+next/' "$scratch/next/DEBIAN/control"
echo '# Of the next version.' >>"$scratch/next/etc/nlgate/nlgated.yaml"
sed -i '/nlgated.yaml$/d' "$scratch/next/DEBIAN/md5sums"
dpkg-deb --root-owner-group -Zgzip -z1 --build "$scratch/next" "$scratch/given/next.deb" >/dev/null
rm -r "$scratch/next"
mkdir -p "$root/given" && mount --bind "$scratch/given" "$root/given"
timeout 120 chroot "$root" /bin/bash /given/test-inside.sh tree
umount "$root/given"

# systemd needs the unified hierarchy to itself; a namespace of control groups has been made for it above.
if mountpoint -q /sys/fs/cgroup; then umount -R /sys/fs/cgroup; fi
mkdir -p /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
cat >"$root/etc/systemd/system/nlgate-test.service" <<'END'
[Unit]
SuccessAction=poweroff-force
FailureAction=poweroff-force
After=network.target
[Service]
Type=oneshot
TimeoutStartSec=360
StandardOutput=file:/given/output
StandardError=file:/given/output
ExecStart=/bin/bash /given/test-inside.sh booted
END
ln -s ../nlgate-test.service "$root/etc/systemd/system/multi-user.target.wants/nlgate-test.service"
# nspawn's own filter doesn't know the calls by which the processes seal themselves, and the keeper locks its memory.
timeout -k 10 420 systemd-nspawn --quiet --register=no --keep-unit --directory="$root" --boot --private-network \
    --bind="$scratch/given:/given" --console=pipe \
    --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self @memlock" \
    </dev/null >"$scratch/console" 2>&1 || true
cat "$scratch/given/output" 2>/dev/null || { echo "test-deb: the system didn't boot:" >&2; tail -n 40 "$scratch/console" >&2; exit 1; }
grep -qx 'all passed' "$scratch/given/output" || { echo "test-deb: FAILED" >&2; exit 1; }
echo "test-deb: passed"
