#!/usr/bin/env bash
# Makes the sample captures: real FTP servers and clients in network namespaces of their own, tcpdump between them.
#
#   pcaps/make.sh                        all captures
#   pcaps/make.sh active-port abort      only these
#   pcaps/make.sh -l                     their names
#   pcaps/make.sh --live BIN [NAME…]     makes no samples: BIN sniffs beside tcpdump, and must say what was arranged and what
#                                        it says of tcpdump's file; without names those of lab/live.txt, in two minutes
#   pcaps/make.sh --install              only installs what it needs
#
# Runs as root on Debian 12. The servers conflict as packages, so they are unpacked, not installed, into
# ${FTPLAB_ROOT:-/var/tmp/ftplab-root}; nothing of them ever runs outside the namespaces, which are taken down by a trap.
# Needs veth, bridge, nftables and nf_nat_ftp in the kernel; losing packets and VLAN tags are done by lab/relay.py, so neither netem nor 8021q.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=$here/lab
root=${FTPLAB_ROOT:-/var/tmp/ftplab-root}
python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1

# shellcheck source=lab/net.sh
. "$lab/net.sh"
# shellcheck source=lab/servers.sh
. "$lab/servers.sh"
for f in "$lab"/captures-*.sh; do
  # shellcheck source=/dev/null
  . "$f"
done

say() { printf 'make.sh: %s\n' "$*" >&2; }

names() { declare -F | sed -n 's/^declare -f cap_//p' | tr _ - | sort; }

install_tools() {
  local want=() tool
  for tool in curl lftp ncftpget:ncftp tnftp ssh:openssh-client nft:nftables ethtool ip:iproute2 tcpdump tshark editcap:wireshark-common \
    openssl zstd lz4 bzip2 xz:xz-utils sysctl:procps /usr/bin/python3:python3; do
    command -v "${tool%%:*}" >/dev/null || want+=("${tool##*:}")
  done
  # the unpacked servers' libraries
  local so
  for so in libwrap.so.0:libwrap0 libhiredis.so.0.14:libhiredis0.14 libmemcached.so.11:libmemcached11 \
    libmemcachedutil.so.2:libmemcachedutil2 libpcre2-posix.so.3:libpcre2-posix3 libsodium.so.23:libsodium23; do
    ldconfig -p | grep -q "${so%%:*}" || want+=("${so##*:}")
  done
  [ ${#want[@]} -eq 0 ] || apt_get install -y --no-install-recommends "${want[@]}"
  unpack_servers
}

apt_update() {
  [ -n "${apt_updated:-}" ] || apt-get -qq update
  apt_updated=1
}

apt_get() {
  apt_update
  DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >"$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; return 1; }
}

unpack_servers() {
  [ -e "$root/.complete-2" ] && return
  local deb
  mkdir -p "$work/debs" "$root"
  apt_update
  (cd "$work/debs" && apt-get -qq -o APT::Sandbox::User=root download vsftpd proftpd-core proftpd-mod-crypto pure-ftpd inetutils-ftpd inetutils-ftp \
    python3-pyftpdlib dropbear-bin libtomcrypt1 libtommath1 microsocks tinyproxy-bin haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1)
  for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$root"; done
  touch "$root/.complete-2"
}

clean_up() {
  set +e
  net_down
  rm -rf "/etc/netns/$SRV" "/etc/netns/$OTH" "$work"
  rmdir /etc/netns 2>/dev/null
}

# truths writes what is true of a capture; of a pair, of each side and of both.
truths() {
  case $1 in
  packed-cut) return ;;    # only how much of it can be read is told
  keys-early-hello) return ;; # keys.py expects commands
  keys-implicit | keys-renegotiated) return ;; # tshark does not decrypt FTP on port 990: analyze/keys_test.go holds it
  keys-*) # with the clients' keys
    "$python" "$lab/keys.py" "$work/files" "$work/out"/*.pcap
    return
    ;;
  esac
  if [ ! -e "$work/out/$1-client.pcap" ]; then
    truth "$1"
    return
  fi
  truth "$1-client" && truth "$1-server" && "$python" "$lab/pairs.py" "$1" "$work/out" --expect "$lab/expect-pairs.txt"
}

truth() { "$python" "$lab/truth.py" "$1" "$work/out" --files "$work/files" --expect "$lab"/expect*.txt; }

make_one() {
  say "$1"
  rm -rf "$work/out" "$work/home" "$work"/got*
  mkdir -p "$work/out"
  "$python" "$lab/files.py" "$work/files" "$work/home"
  [ -z "$live" ] || install -d -o nobody "$work/live"
  "cap_${1//-/_}"
  net_down
  truths "$1" || {
    rm -rf /tmp/ftplab-failed
    cp -r "$work/out" /tmp/ftplab-failed # to look at
    return 1
  }
  ! declare -F "damaged_${1//-/_}" >/dev/null || "damaged_${1//-/_}"
  case $1 in
  keys-*)
    mv "$work/out"/* "$here/keys/"
    return
    ;;
  packed-cut)
    mkdir -p "$here/.damaged"
    mv "$work/out"/* "$here/.damaged/"
    return
    ;;
  esac
  if [ -n "$live" ]; then
    "$python" "$lab/live.py" "$live" "$work/out/$1.truth.json" "$work/live"
    rm -rf "$work/live"
    return
  fi
  local to=$here
  ! grep -q "^\[$1\]" "$lab/expect-cases.txt" || to=$here/cases
  rm -f "$to/$1".pcap* "$to/$1"-[0-9].pcap* "$to/$1.truth.json" "$to/$1"-{client,server}.{pcap,truth.json} "$to/$1.pair.json"
  mv "$work/out"/* "$to/"
}

main() {
  [ "${1:-}" != -l ] || { names; return; }
  [ "$(id -u)" = 0 ] || { say 'error: run as root (network namespaces)'; exit 1; }
  live=
  if [ "${1:-}" = --live ]; then
    [ -x "${2:-}" ] || { say 'error: --live BIN: the ftpscope to be tested'; exit 2; }
    live=$(realpath "$2")
    shift 2
    # shellcheck disable=SC2046
    [ $# -gt 0 ] || set -- $(sed 's/#.*//' "$lab/live.txt")
  fi
  local name
  [ "${1:-}" = --install ] || for name in "$@"; do
    names | grep -qx -- "$name" || { say "error: no capture named $name (make.sh -l lists them)"; exit 2; }
  done
  work=$(mktemp -d /tmp/ftplab.XXXXXX)
  chmod 755 "$work"
  trap clean_up EXIT
  trap 'exit 130' INT TERM
  net_down
  install_tools
  [ "${1:-}" != --install ] || return 0
  prepare_accounts
  if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046
    set -- $(names)
  fi
  for name in "$@"; do make_one "$name"; done
  [ -z "$live" ] || say "ok: $# captures sniffed"
}

main "$@"
