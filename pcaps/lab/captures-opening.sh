# Captures: data connections that do not come to be, each for another reason than captures-trouble.sh and captures-failures.sh
# have. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

cap_pasv_disabled() {
  flat
  vsftpd pasv_enable=NO
  capture "$CLI" c0 pasv-disabled.pcap
  in_cli lftp -u labuser,labpass -e "$lftp_set; set net:max-retries 1; set ftp:auto-passive-mode no; get readme.txt -o $work/got1; quit" 192.0.2.21 2>/dev/null || true
  captured
}

# announces NAME ADDRESS: the server names ADDRESS in its 227.
announces() {
  routed
  vsftpd "${passive_range[@]}" "pasv_address=$2"
  capture "$CLI" c0 "$1.pcap"
  in_cli curl -sS --max-time 14 --connect-timeout 6 --disable-epsv --no-ftp-skip-pasv-ip -o /dev/null ftp://labuser:labpass@192.168.50.2/photo.bin 2>/dev/null || true
  captured
}

cap_pasv_loopback() { announces pasv-loopback 127.0.0.1; }
cap_pasv_container() { announces pasv-container 172.17.0.2; }
cap_pasv_unspecified() { announces pasv-unspecified 0.0.0.0; }
cap_pasv_old_address() { announces pasv-old-address 198.51.100.77; }

# The client behind a NAT without helper, seen at the client.
cap_active_nat_inside() {
  home
  vsftpd
  capture "$CLI" c0 active-nat-inside.pcap
  failing active-nat-no-alg
  captured
}

cap_active_nat_tried_inside() {
  home
  ip -n "$SRV" route add default via 203.0.113.1
  in_srv sysctl -qw net.ipv4.tcp_syn_retries=1
  pureftpd -w
  capture "$CLI" c0 active-nat-tried-inside.pcap
  failing active-nat-no-alg
  captured
}

# A NAT before the server, without helper: EPSV passes, for it names no address.
cap_epsv_nat() {
  routed
  nat 'tcp dport 21 dnat to 192.168.50.2' 'tcp dport 50000-50100 dnat to 192.168.50.2'
  vsftpd "${passive_range[@]}"
  capture "$CLI" c0 epsv-nat.pcap
  curled ftp://labuser:labpass@203.0.113.1/photo.bin
  captured
}

# Its ports are not forwarded.
cap_epsv_nat_blocked() {
  routed
  nat 'tcp dport 21 dnat to 192.168.50.2'
  vsftpd "${passive_range[@]}"
  firewall "$MID" input 'tcp dport 50000-50100 drop'
  capture "$CLI" c0 epsv-nat-blocked.pcap
  in_cli curl -sS --max-time 14 --connect-timeout 6 -o /dev/null ftp://labuser:labpass@203.0.113.1/photo.bin 2>/dev/null || true
  captured
}

# The NAT leads the data ports to another server than the control port: nothing listens there.
cap_nat_other_server() {
  routed
  addr4 "$SRV" s0 192.168.50.3/24
  nat 'tcp dport 21 dnat to 192.168.50.2' 'tcp dport 50000-50100 dnat to 192.168.50.3'
  vsftpd "${passive_range[@]}" listen_address=192.168.50.2 pasv_address=203.0.113.1
  capture "$CLI" c0 nat-other-server.pcap
  curled --disable-epsv ftp://labuser:labpass@203.0.113.1/photo.bin
  captured
}

cap_eprt_family() {
  flat
  vsftpd
  capture "$CLI" c0 eprt-family.pcap
  troubled other-family
  captured
}

cap_port_invalid() {
  flat
  vsftpd
  capture "$CLI" c0 port-invalid.pcap
  troubled impossible-port
  captured
}

cap_no_negotiation() {
  flat
  vsftpd
  capture "$CLI" c0 no-negotiation.pcap
  troubled neither-way
  captured
}

# One port for all, and a session that has it.
cap_ports_exhausted() {
  flat
  vsftpd pasv_min_port=50000 pasv_max_port=50000
  capture "$CLI" c0 ports-exhausted.pcap
  troubled two-transfers-at-once
  captured
}

# This server takes any port then, which the firewall does not let through.
cap_ports_outside() {
  routed
  proftpd 'DefaultAddress 192.168.50.2' 'PassivePorts 50000 50003'
  firewall "$MID" forward 'tcp dport { 21, 50000-50003 } accept' 'ip daddr 192.168.50.2 tcp flags & (syn|ack) == syn drop'
  capture "$CLI" c0 ports-outside.pcap
  troubled five-at-once
  captured
}

cap_passive_dropped_at_client() {
  routed
  vsftpd "${passive_range[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 drop'
  capture "$CLI" c0 passive-dropped-at-client.pcap 'src host 203.0.113.10'
  failing firewall-passive
  captured
}

# The same, only the server's packets.
cap_passive_dropped_at_server() {
  routed
  vsftpd "${passive_range[@]}"
  firewall "$SRV" input 'tcp dport 50000-50100 drop'
  capture "$SRV" s0 passive-dropped-at-server.pcap 'src host 192.168.50.2'
  failing firewall-passive
  captured
}

cap_data_unprotected() {
  flat
  certificate
  vsftpd "${tls_settings[@]}" force_local_data_ssl=YES force_local_logins_ssl=NO
  capture "$CLI" c0 data-unprotected.pcap
  curled --disable-epsv "$url/photo.bin"
  captured
}

session_reuse() {
  flat
  certificate
  vsftpd "${tls_settings[@]}" require_ssl_reuse=YES
  capture "$CLI" c0 "$1.pcap"
  troubled "$2"
  captured
}

cap_tls_reuse_12() { session_reuse tls-reuse-12 no-session-reuse-12; }
cap_tls_reuse_13() { session_reuse tls-reuse-13 no-session-reuse; }

# The firewall drops what the server opens, for a server under TLS.
cap_tls_passive_blocked() {
  flat
  certificate
  vsftpd "${tls_settings[@]}" "${passive_range[@]}"
  firewall "$SRV" input 'tcp dport 50000-50100 drop'
  capture "$CLI" c0 tls-passive-blocked.pcap
  in_cli curl -sS -k --ssl-reqd --max-time 14 --connect-timeout 6 -o /dev/null "$url/photo.bin" 2>/dev/null || true
  captured
}
