#!/usr/bin/env bash
# Builds the Debian package out of stripped release programs.
# usage: deploy/deb/build.sh FOLDER-OF-PROGRAMS OUTPUT-FOLDER
set -euo pipefail
programs=$(realpath "${1:?usage: build.sh FOLDER-OF-PROGRAMS OUTPUT-FOLDER}")
output=${2:?usage: build.sh FOLDER-OF-PROGRAMS OUTPUT-FOLDER}
mkdir -p "$output"
output=$(realpath "$output")
cd "$(dirname "$0")/../.."
export LC_ALL=C
# The same sources lead to the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
export SOURCE_DATE_EPOCH
umask 022

version=$("$programs/nlgated" --version | cut -d ' ' -f 2)
maintainer=${DEB_MAINTAINER:-nlgate maintainers <maintainers@nlgate.invalid>}
architecture=$(dpkg --print-architecture)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root=$scratch/root
mkdir -p "$root/DEBIAN"

make --no-print-directory -s install DIST="$programs" DESTDIR="$root" PREFIX=/usr

# Units, users.
install -d "$root/usr/lib/systemd/system" "$root/usr/lib/sysusers.d"
install -m 0644 deploy/systemd/*.service deploy/systemd/*.socket "$root/usr/lib/systemd/system/"
for timer in deploy/systemd/*.timer; do
    [ ! -e "$timer" ] || install -m 0644 "$timer" "$root/usr/lib/systemd/system/"
done
install -m 0644 deploy/systemd/nlgate.sysusers "$root/usr/lib/sysusers.d/nlgate.conf"

# Configuration.
install -d "$root/etc/nlgate/presets"
install -m 0644 deploy/deb/nlgated.yaml "$root/etc/nlgate/nlgated.yaml"
install -m 0644 policy/*.yaml "$root/etc/nlgate/presets/"
(cd "$root" && find etc -type f | LC_ALL=C sort | sed 's#^#/#') >"$root/DEBIAN/conffiles"

# Documents.
documents=$root/usr/share/doc/nlgate
install -d "$documents/docs/pictures" "$documents/policy"
install -m 0644 README.md SECURITY.md "$documents/"
install -m 0644 docs/*.md "$documents/docs/"
install -m 0644 docs/pictures/*.svg "$documents/docs/pictures/"
install -m 0644 policy/README.md policy/schema.json "$documents/policy/"
install -m 0644 deploy/deb/copyright "$documents/copyright"
install -m 0644 CHANGELOG.md "$documents/docs/"
printf 'nlgate (%s) unstable; urgency=medium\n\n  * See docs/CHANGELOG.md beside this file.\n\n -- %s  %s\n' \
    "$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$documents/changelog.gz"
install -D -m 0644 deploy/deb/lintian-overrides "$root/usr/share/lintian/overrides/nlgate"
python3 deploy/deb/man.py "$programs/nlgate" "$programs/nlgated" "$root/usr/share/man"
find "$root/usr/share/man" -type f -exec gzip -9n {} +

# Completions.
install -d "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" \
    "$root/usr/share/fish/vendor_completions.d"
"$programs/nlgate" --generate-completion-script=bash | sed '1{/^#!/d}' \
    >"$root/usr/share/bash-completion/completions/nlgate"
"$programs/nlgate" --generate-completion-script=zsh >"$root/usr/share/zsh/vendor-completions/_nlgate"
"$programs/nlgate" --generate-completion-script=fish | sed '1{/^#!/d}' \
    >"$root/usr/share/fish/vendor_completions.d/nlgate.fish"

# Libraries of Debian, with the versions that are needed.
mkdir "$scratch/debian"
printf 'Source: nlgate\n\nPackage: nlgate\nArchitecture: any\n' >"$scratch/debian/control"
mapfile -t executables < <(find "$root/usr/bin" "$root/usr/sbin" "$root/usr/libexec" -type f)
libraries=$(cd "$scratch" && dpkg-shlibdeps -O "${executables[@]}" | sed 's/^shlibs:Depends=//')

cat >"$root/DEBIAN/control" <<END
Package: nlgate
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size "$root/usr" "$root/etc" | awk '{ sum += $1 } END { print sum }')
Depends: $libraries, systemd | systemd-standalone-sysusers, passwd
Suggests: iproute2, prometheus-node-exporter
Section: net
Priority: optional
Description: netlink with the kernel of another host, over mutual TLS
 A program on one host speaks netlink with the kernel of another: lists its
 links, addresses and routes, watches and changes them, as if they were its own.
 .
 The gateway forwards the messages as they are, through separate and sealed
 processes that check every message against what the client may say. After the
 installation nothing listens until there is a key in /etc/nlgate.
END
for script in postinst prerm postrm; do install -m 0755 "deploy/deb/$script" "$root/DEBIAN/$script"; done
(cd "$root" && find etc usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"

package=$output/nlgate_${version}_$architecture.deb
# What exists already gets the date of the sources, and everything belongs to root.
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -print0 | xargs -0r touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
dpkg-deb --root-owner-group -Zxz -z"${DEB_COMPRESSION:-2}" --build "$root" "$package" >/dev/null
echo "$package"
