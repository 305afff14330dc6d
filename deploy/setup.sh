#!/usr/bin/env bash
# Installs what building, the tests and the demonstration need, when it is missing. Debian and its relatives.
set -euo pipefail
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

missing=()

# need_command COMMAND PACKAGE
need_command() {
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

# need_library PKG-CONFIG-NAME PACKAGE
need_library() {
    pkg-config --exists "$1" 2>/dev/null || missing+=("$2")
}

need_command git git
need_command make make
need_command gcc gcc
need_command readelf binutils
need_command pkg-config pkg-config
need_library openssl libssl-dev
need_library libseccomp libseccomp-dev
need_library libcap libcap-dev
need_command openssl openssl
need_command gnutls-cli gnutls-bin
need_command go golang-go
need_command ip iproute2
need_command nft nftables
need_command ethtool ethtool
need_command conntrack conntrack
need_command bird bird2
need_command nl-link-list libnl-utils
need_command wg wireguard-tools
need_command ping iputils-ping
need_command strace strace
need_command ps procps
need_command capsh libcap2-bin
need_command python3 python3
need_command unshare util-linux
need_command buildah buildah
need_command podman podman
need_command runc runc
need_command systemd-analyze systemd
need_command systemd-nspawn systemd-container
need_command mmdebstrap mmdebstrap
need_command dpkg-deb dpkg
need_command fakeroot fakeroot
need_command lintian lintian
[ -x /usr/share/easy-rsa/easyrsa ] || missing+=(easy-rsa)
[ -e /usr/include/stdio.h ] || missing+=(libc6-dev)
case "$(gcc -print-file-name=libstdc++.so 2>/dev/null)" in
    /*) ;;
    *) missing+=(g++) ;;
esac

if [ ${#missing[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "setup: missing, and there is no apt-get to install them: ${missing[*]}" >&2
        exit 1
    fi
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "setup: missing: ${missing[*]}. Install them as root: apt-get install ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "setup: installing ${missing[*]}"
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

if ! command -v swift >/dev/null 2>&1; then
    echo "setup: Swift 6.3 or later is missing: see https://www.swift.org/install/linux/" >&2
    exit 1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
read -r major minor <<<"${version:-0 0}"
if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 3 ]; }; then
    echo "setup: Swift 6.3 or later is needed, this is ${major}.${minor}" >&2
    exit 1
fi
