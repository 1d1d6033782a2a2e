# Namespaces, wires and capturing. Sourced by make.sh, which sets lab, work and python.
# shellcheck shell=bash disable=SC2154

# FTPLAB names a second lab beside another one.
CLI=${FTPLAB:-ftplab}-cli MID=${FTPLAB:-ftplab}-mid SRV=${FTPLAB:-ftplab}-srv OTH=${FTPLAB:-ftplab}-oth

in_cli() { ip netns exec "$CLI" timeout -k 1 "${PATIENCE:-25}" "$@"; }
in_mid() { ip netns exec "$MID" "$@"; }
in_srv() { ip netns exec "$SRV" "$@"; }
in_oth() { ip netns exec "$OTH" "$@"; }

# net_down ends what runs in our namespaces (by process id) and removes them; nothing to do is fine.
net_down() {
  local ns pids
  for ns in "$CLI" "$MID" "$SRV" "$OTH"; do
    ip netns pids "$ns" >/dev/null 2>&1 || continue
    for _ in 1 2 3 4 5 6; do
      pids=$(ip netns pids "$ns")
      [ -n "$pids" ] || break
      # shellcheck disable=SC2086
      kill $pids 2>/dev/null || true
      sleep 0.1
    done
    # shellcheck disable=SC2086
    [ -z "$pids" ] || kill -9 $pids 2>/dev/null || true
    ip netns del "$ns" || true
  done
}

new_ns() {
  local ns # clients' own ports stay off the servers' passive ones, which firewalls drop by number, whoever's they are
  for ns in "$@"; do
    ip netns add "$ns"
    ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 net.ipv4.ip_local_port_range='32768 49999'
    ip -n "$ns" link set lo up
  done
}

# wire NS1 IF1 NS2 IF2 joins two namespaces. Offloads are off, so that packets look as they would on a cable:
# no segments above the MSS, no unfinished checksums. OFFLOADS=on leaves them as they are.
wire() {
  ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
  local ns dev
  while read -r ns dev; do
    if [ "${OFFLOADS:-off}" = off ]; then
      ip netns exec "$ns" ethtool -K "$dev" tx off tso off gso off gro off >/dev/null 2>&1
    fi
    ip -n "$ns" link set "$dev" up
  done <<<"$1 $2
$3 $4"
}

addr4() { # addr4 NS IF ADDR/LEN…
  local ns=$1 dev=$2 a
  shift 2
  for a in "$@"; do ip -n "$ns" addr add "$a" dev "$dev"; done
}

addr6() { # addr6 NS IF ADDR/LEN
  ip netns exec "$1" sysctl -qw "net.ipv6.conf.$2.router_solicitations=0" "net.ipv6.conf.$2.disable_ipv6=0" net.ipv6.conf.lo.disable_ipv6=0
  ip -n "$1" addr add "$3" dev "$2" nodad
}

# flat: client 192.0.2.10 (and .11, .12, .13) -- server 192.0.2.21, one wire.
flat() {
  new_ns "$CLI" "$SRV"
  wire "$CLI" c0 "$SRV" s0
  flat_addresses
}

flat_addresses() {
  addr4 "$CLI" c0 192.0.2.10/24 192.0.2.11/24 192.0.2.12/24 192.0.2.13/24
  addr4 "$SRV" s0 192.0.2.21/24
}

# flat6: the same over IPv6 only.
flat6() {
  new_ns "$CLI" "$SRV"
  wire "$CLI" c0 "$SRV" s0
  addr6 "$CLI" c0 2001:db8::10/64
  addr6 "$SRV" s0 2001:db8::21/64
  sleep 1 # link-local addresses become usable
}

# relayed MODE: as flat, but lab/relay.py carries the frames. MODE lossy loses, swaps and doubles them;
# vlan and qinq tag them on the trunk t0-t1, which is where to capture.
relayed() {
  new_ns "$CLI" "$MID" "$SRV"
  wire "$CLI" c0 "$MID" m0
  wire "$MID" m1 "$SRV" s0
  wire "$MID" t0 "$MID" t1
  ip -n "$MID" link set t0 mtu 1600 # two tags more than a full frame
  ip -n "$MID" link set t1 mtu 1600
  flat_addresses
  in_mid "$python" "$lab/relay.py" "$1" >"$work/relay.log" 2>&1 &
  await 'relay' grep -q ready "$work/relay.log"
}

# routed: client 203.0.113.10 -- router 203.0.113.1, 192.168.50.1 -- server 192.168.50.2.
routed() {
  new_ns "$CLI" "$MID" "$SRV"
  wire "$CLI" c0 "$MID" m0
  wire "$MID" m1 "$SRV" s0
  addr4 "$CLI" c0 203.0.113.10/24
  addr4 "$MID" m0 203.0.113.1/24
  addr4 "$MID" m1 192.168.50.1/24
  addr4 "$SRV" s0 192.168.50.2/24
  ip -n "$CLI" route add default via 203.0.113.1
  ip -n "$SRV" route add default via 192.168.50.1
  in_mid sysctl -qw net.ipv4.ip_forward=1
}

# routed6: client 2001:db8:1::10 -- router 2001:db8:1::1, 2001:db8:2::1 -- server 2001:db8:2::2.
routed6() {
  new_ns "$CLI" "$MID" "$SRV"
  wire "$CLI" c0 "$MID" m0
  wire "$MID" m1 "$SRV" s0
  in_mid sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.forwarding=1
  addr6 "$CLI" c0 2001:db8:1::10/64
  addr6 "$MID" m0 2001:db8:1::1/64
  addr6 "$MID" m1 2001:db8:2::1/64
  addr6 "$SRV" s0 2001:db8:2::2/64
  ip -n "$CLI" route add default via 2001:db8:1::1
  ip -n "$SRV" route add default via 2001:db8:2::1
  sleep 1 # link-local addresses become usable
}

# home: client 192.168.50.10 -- router 192.168.50.1, 203.0.113.1, which masquerades -- server 203.0.113.21.
home() {
  new_ns "$CLI" "$MID" "$SRV"
  wire "$CLI" c0 "$MID" m0
  wire "$MID" m1 "$SRV" s0
  addr4 "$CLI" c0 192.168.50.10/24
  addr4 "$MID" m0 192.168.50.1/24
  addr4 "$MID" m1 203.0.113.1/24
  addr4 "$SRV" s0 203.0.113.21/24
  ip -n "$CLI" route add default via 192.168.50.1
  in_mid sysctl -qw net.ipv4.ip_forward=1
  echo 'table ip labhome { chain post { type nat hook postrouting priority 100; oifname "m1" masquerade; }
    chain pass { type filter hook forward priority 0; ct state established,related accept; iifname "m1" drop; }
  }' | in_mid nft -f -
}

# lan: client 192.0.2.10 …, server 192.0.2.21 and a third host, 192.0.2.31, on one bridge, br0, which is where to capture.
lan() {
  new_ns "$CLI" "$MID" "$SRV" "$OTH"
  ip -n "$MID" link add br0 type bridge
  wire "$CLI" c0 "$MID" p0
  wire "$SRV" s0 "$MID" p1
  wire "$OTH" o0 "$MID" p2
  local port
  for port in p0 p1 p2; do ip -n "$MID" link set "$port" master br0; done
  ip -n "$MID" link set br0 up
  flat_addresses
  addr4 "$OTH" o0 192.0.2.31/24
}

# ftp_helper: the router's conntrack reads control connections to port 21 and rewrites the addresses in them (an ALG).
ftp_helper() {
  echo 'table ip labalg { ct helper ftp { type "ftp" protocol tcp; l3proto ip; }
    chain pre { type filter hook prerouting priority -150; tcp dport 21 ct helper set "ftp"; }
  }' | in_mid nft -f -
}

# forgetful SECONDS: the router forgets a connection after so long a silence, and takes none up in its middle.
forgetful() {
  in_mid sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 "net.netfilter.nf_conntrack_tcp_timeout_established=$1"
}

# firewall NS HOOK RULE… : one chain of nftables rules in a namespace.
firewall() {
  local ns=$1 hook=$2
  shift 2
  { echo "table inet lab { chain c { type filter hook $hook priority 0;"
    printf '%s\n' "$@"
    printf '}\n}\n'; } | ip netns exec "$ns" nft -f -
}

# nat RULE… : destination NAT on the router; what is not translated does not pass into 192.168.50.0/24.
nat() {
  { echo 'table ip labnat { chain pre { type nat hook prerouting priority -100; iifname "m0" jump to_server; }'
    echo 'chain to_server {'
    printf '%s\n' "$@" '}'
    echo 'chain post { type nat hook postrouting priority 100; oifname "m0" masquerade; }'
    echo 'chain pass { type filter hook forward priority 0; ct status dnat accept; ct state established,related accept; iifname "m0" drop; }'
    echo '}'
  } | in_mid nft -f -
}

await() { # await WHAT COMMAND… : until it succeeds, 5 s at most
  local what=$1
  shift
  for _ in $(seq 100); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.05
  done
  say "error: $what did not come up"
  cat "$work"/*.log >&2 || true
  return 1
}

# capture NS IF FILE [tcpdump options]: FILE is relative to the output directory. The ring's frames have the snaplen's
# size: 2048 holds any packet of these wires and lets 4096 of them wait, so that a busy machine loses none.
capture() {
  local ns=$1 dev=$2 file=$3
  shift 3
  : >"$work/tcpdump.log"
  [ -z "${live:-}" ] || set -- --time-stamp-precision=nano "$@"
  ip netns exec "$ns" tcpdump -Z root -n -U --immediate-mode -B 8192 -s 2048 -i "$dev" -w "$work/out/$file" "$@" 2>"$work/tcpdump.log" &
  capture_pid=$!
  await tcpdump grep -q 'listening on' "$work/tcpdump.log"
  [ -z "${live:-}" ] || sniff "$ns" "$dev" "$file"
}

# sniff NS IF FILE starts ftpscope beside tcpdump; its records come into FILE.jsonl of the live directory, the packets it
# keeps into FILE.kept.
sniff() {
  ip netns exec "$1" "$live" sniff -i "$2" --ring-size 4MiB -o "json=$work/live/$3.jsonl" -w "$work/live/$3.kept" >"$work/sniff.log" 2>&1 </dev/null &
  sniff_pid=$!
  sniff_file=$3
  await sniff test -e "$work/live/$3.jsonl"
}

# sniffed ends it, before tcpdump.
sniffed() {
  kill -INT "$sniff_pid"
  wait "$sniff_pid" && [ ! -s "$work/sniff.log" ] || {
    say "error: ftpscope sniff: $(cat "$work/sniff.log")"
    return 1
  }
}

# captured ends the capture once the last packets are in.
captured() {
  sleep "${1:-0.4}"
  [ -z "${live:-}" ] || sniffed
  kill -INT "$capture_pid"
  wait "$capture_pid" || true
  grep -q '^0 packets dropped by kernel' "$work/tcpdump.log" || {
    say "error: $(grep 'dropped by kernel' "$work/tcpdump.log"): machine too busy, make it again"
    return 1
  }
  # tcpdump's file as it is, before it becomes a sample
  [ -z "${live:-}" ] || cp "$work/out/$sniff_file" "$work/live/$sniff_file"
}
