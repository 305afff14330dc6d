#!/usr/bin/env bash
# Builds the container image out of release programs: build.sh FOLDER-WITH-PROGRAMS [NAME]
# Wants buildah; BUILDAH says with which options. It needs no base image, so no registry: the programs, the libraries that they load, and their loader.
set -euo pipefail
programs=$(realpath "${1:?the folder of the release programs}")
name=${2:-nlgate}
here=$(realpath "$(dirname "$0")")
read -ra buildah <<<"${BUILDAH:-buildah}"
command -v "${buildah[0]}" >/dev/null || { echo "buildah isn't there: apt-get install buildah" >&2; exit 1; }

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
root=$context/root
install -D -m 0755 "$programs/nlgated" "$root/usr/sbin/nlgated"
for helper in "$programs"/nlgate-*; do
    [ "$(basename "$helper")" = nlgate-bench ] || install -D -m 0755 "$helper" "$root/usr/libexec/nlgate/$(basename "$helper")"
done
# Each program's libraries, and theirs, as the loader finds them here.
for program in "$root"/usr/sbin/* "$root"/usr/libexec/nlgate/*; do ldd "$program"; done |
    grep -oE '/[^ ]+' | sort -u | while read -r library; do install -D -m 0755 "$(realpath "$library")" "$root$library"; done
# Places for mounts; the root file system may be read-only.
install -d -m 0755 "$root/etc/nlgate" "$root/proc" "$root/dev" "$root/sys" "$root/run/nlgate" "$root/run/netns"
install -d -m 1777 "$root/tmp"
cp "$here/Containerfile" "$context/"
"${buildah[@]}" build --quiet --tag "$name" "$context"
