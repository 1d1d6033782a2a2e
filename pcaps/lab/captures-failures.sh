# Captures: data connections that come late, meet ICMP or are cut; control connections that are lost. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

failing() { in_cli "$python" "$lab/failing.py" "$@"; }

passive_range=(pasv_min_port=50000 pasv_max_port=50100)

cap_passive_late() {
  relayed late
  vsftpd accept_timeout=3
  capture "$CLI" c0 passive-late.pcap
  failing passive-late
  captured 5
}

cap_active_late() {
  relayed late
  vsftpd connect_timeout=3
  capture "$SRV" s0 active-late.pcap
  failing active-late
  captured 3
}

# by_port FAMILY CODE… : data connections to port 50000 meet the first ICMP code, to 50001 the second, …
by_port() {
  local family=$1 code port=50000 rules=()
  shift
  for code in "$@"; do
    rules+=("tcp sport 20 tcp dport $port reject with $family $code")
    port=$((port + 1))
  done
  firewall "$MID" forward "${rules[@]}"
}

cap_active_icmp_codes() {
  routed
  vsftpd
  by_port icmp net-unreachable host-unreachable prot-unreachable port-unreachable net-prohibited host-prohibited admin-prohibited
  no_icmp_limit
  capture "$SRV" s0 active-icmp-codes.pcap
  failing active-icmp-codes
  captured
}

cap_active_icmp6_codes() {
  routed6
  vsftpd listen=NO listen_ipv6=YES
  by_port icmpv6 no-route admin-prohibited addr-unreachable port-unreachable policy-fail reject-route
  no_icmp_limit
  capture "$SRV" s0 active-icmp6-codes.pcap
  failing active-icmp6-codes
  captured
}

# Linux sends one ICMP error a second to a host unless told otherwise.
no_icmp_limit() {
  in_mid sysctl -qw net.ipv4.icmp_ratelimit=0
  in_mid sysctl -qw net.ipv6.icmp.ratelimit=0
}

cap_passive_icmp_port() {
  routed
  vsftpd "${passive_range[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 reject'
  capture "$CLI" c0 passive-icmp-port.pcap
  failing passive-icmp
  captured
}

cap_passive_icmp6_admin() {
  routed6
  vsftpd listen=NO listen_ipv6=YES "${passive_range[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 reject with icmpv6 admin-prohibited'
  capture "$CLI" c0 passive-icmp6-admin.pcap
  failing passive-icmp6
  captured
}

# One firewall between the two, seen from either side of it.
firewalled_passive() {
  routed
  vsftpd "${passive_range[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 drop'
  capture "$1" "$2" "$3.pcap"
  failing firewall-passive
  captured
}

cap_firewall_passive_client_side() { firewalled_passive "$CLI" c0 firewall-passive-client-side; }
cap_firewall_passive_server_side() { firewalled_passive "$SRV" s0 firewall-passive-server-side; }

firewalled_active() {
  routed
  vsftpd
  firewall "$MID" forward 'tcp sport 20 drop'
  capture "$1" "$2" "$3.pcap"
  failing firewall-active
  captured
}

cap_firewall_active_client_side() { firewalled_active "$CLI" c0 firewall-active-client-side; }
cap_firewall_active_server_side() { firewalled_active "$SRV" s0 firewall-active-server-side; }

# The client's NAT has no FTP helper, so PORT names an address that the server cannot reach, and this server refuses it.
cap_active_nat_no_alg() {
  home
  vsftpd
  capture "$SRV" s0 active-nat-no-alg.pcap
  failing active-nat-no-alg
  captured
}

# The same with a server that takes any address: it connects to nowhere.
cap_active_nat_tried() {
  home
  ip -n "$SRV" route add default via 203.0.113.1
  in_srv sysctl -qw net.ipv4.tcp_syn_retries=1 # it gives up after 3 s
  pureftpd -w
  capture "$SRV" s0 active-nat-tried.pcap
  failing active-nat-no-alg
  captured
}

# With the helper, seen inside and outside of the NAT.
helped() {
  home
  ftp_helper
  vsftpd
  capture "$1" "$2" "$3.pcap"
  failing active-nat-no-alg
  captured
}

cap_alg_active_inside() { helped "$CLI" c0 alg-active-inside; }
cap_alg_active_outside() { helped "$SRV" s0 alg-active-outside; }

# One session, captured on both sides at once: what the helper rewrote shows in the difference.
cap_alg_both_sides() {
  home
  ftp_helper
  vsftpd
  capture "$CLI" c0 alg-both-sides-1.pcap
  local inside=$capture_pid
  capture "$SRV" s0 alg-both-sides-2.pcap
  failing active-nat-no-alg
  captured
  kill -INT "$inside"
  wait "$inside" || true
}

# The server behind the NAT and its helper: 227 is rewritten, and the data port opened for this transfer.
helped_server() {
  routed
  nat 'tcp dport 21 dnat to 192.168.50.2'
  ftp_helper
  vsftpd
  capture "$1" "$2" "$3.pcap"
  in_cli curl -sS --max-time 20 --disable-epsv --no-ftp-skip-pasv-ip -o /dev/null ftp://labuser:labpass@203.0.113.1/photo.bin
  captured
}

cap_alg_passive_inside() { helped_server "$SRV" s0 alg-passive-inside; }
cap_alg_passive_outside() { helped_server "$CLI" c0 alg-passive-outside; }

# A NAT with two public addresses: control connections by the one, data by the other, which 227 names.
cap_nat_two_addresses() {
  routed
  addr4 "$MID" m0 203.0.113.2/24
  nat 'ip daddr 203.0.113.1 tcp dport 21 dnat to 192.168.50.2' 'ip daddr 203.0.113.2 tcp dport 50000-50100 dnat to 192.168.50.2'
  vsftpd "${passive_range[@]}" pasv_address=203.0.113.2
  capture "$CLI" c0 nat-two-addresses.pcap
  in_cli curl -sS --max-time 20 --disable-epsv --no-ftp-skip-pasv-ip -o /dev/null ftp://labuser:labpass@203.0.113.1/photo.bin
  captured
}

# A server with two addresses whose own connections leave by the second: active data come from a host nobody spoke to.
cap_active_other_source() {
  flat
  addr4 "$SRV" s0 192.0.2.22/24
  echo 'table ip labnat { chain post { type nat hook postrouting priority 100; tcp sport 20 snat to 192.0.2.22; }
  }' | in_srv nft -f -
  vsftpd
  capture "$CLI" c0 active-other-source.pcap
  raw active-only "$work/files"
  captured
}

# A client whose data connections leave by another address, as behind NATs with several: this server takes them from
# the control connection's address only.
cap_passive_other_source() {
  flat
  echo 'table ip labnat { chain post { type nat hook postrouting priority 100; tcp dport 50000-50100 snat to 192.0.2.11; }
  }' | in_cli nft -f -
  vsftpd "${passive_range[@]}"
  capture "$SRV" s0 passive-other-source.pcap
  in_cli curl -sS --max-time 20 --disable-epsv -o /dev/null "$url/photo.bin" 2>/dev/null || true
  captured
}

# The firewall takes offence after 40 kB: it resets the server, in the client's name; the client sees only that no more comes.
cap_data_cut_rst() {
  routed
  vsftpd "${passive_range[@]}" local_max_rate=80000 trans_chunk_size=8192
  firewall "$MID" forward 'tcp sport 50000-50100 quota over 40 kbytes reject with tcp reset'
  capture "$SRV" s0 data-cut-rst.pcap
  failing data-cut
  captured
}

cap_data_cut_silence() {
  routed
  vsftpd "${passive_range[@]}" local_max_rate=80000 trans_chunk_size=8192
  firewall "$MID" forward 'tcp sport 50000-50100 quota over 40 kbytes drop'
  capture "$CLI" c0 data-cut-silence.pcap
  PATIENCE=60 failing data-cut-silence
  captured
}

# The same seen at the server, which has a limit of its own and says so.
cap_data_cut_421() {
  routed
  vsftpd "${passive_range[@]}" local_max_rate=80000 trans_chunk_size=8192 data_connection_timeout=4
  firewall "$MID" forward 'tcp sport 50000-50100 quota over 40 kbytes drop'
  capture "$SRV" s0 data-cut-421.pcap
  PATIENCE=60 failing data-cut
  captured
}

# The NAT forgets the control connection while the data flow; what comes for it then, the router answers itself, by RST.
cap_control_lost_rst() {
  routed
  nat 'tcp dport 21 dnat to 192.168.50.2'
  ftp_helper
  firewall "$MID" forward 'ct state invalid drop' # or packets would leave with the private address
  forgetful 4
  vsftpd local_max_rate=3000 trans_chunk_size=3000
  capture "$CLI" c0 control-lost-rst.pcap
  failing control-lost-rst
  captured
}

# A stateful firewall forgets it and drops what it does not know: 226 never comes.
cap_control_lost_silence() {
  routed
  firewall "$MID" forward 'ct state invalid drop' 'ct state established accept' 'tcp dport { 21, 50000-50100 } ct state new accept' 'drop'
  forgetful 4
  vsftpd "${passive_range[@]}" local_max_rate=4000 trans_chunk_size=4000
  capture "$CLI" c0 control-lost-silence.pcap
  PATIENCE=60 failing control-lost-silence
  captured
}

# No session at all: the server does not answer where a client knocks.
cap_control_dropped() {
  routed
  firewall "$MID" forward 'tcp dport 21 drop'
  capture "$CLI" c0 control-dropped.pcap
  in_cli curl -sS --connect-timeout 4 -o /dev/null ftp://labuser:labpass@192.168.50.2/photo.bin 2>/dev/null || true
  captured
}
