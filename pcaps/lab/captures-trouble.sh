# Captures: data connections that a firewall, a NAT or the server prevents. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

cap_active_425_dropped() {
  flat
  vsftpd
  firewall "$CLI" input 'tcp sport 20 drop'
  capture "$CLI" c0 active-425-dropped.pcap
  raw active-blocked
  captured
}

cap_active_425_rejected() {
  flat
  vsftpd
  firewall "$CLI" input 'tcp sport 20 reject with tcp reset'
  capture "$CLI" c0 active-425-rejected.pcap
  raw active-blocked
  captured
}

cap_active_425_icmp() {
  routed
  vsftpd
  firewall "$MID" forward 'tcp sport 20 reject with icmpx admin-prohibited'
  capture "$SRV" s0 active-425-icmp.pcap
  raw active-blocked-routed
  captured
}

cap_passive_dropped() {
  flat
  vsftpd pasv_min_port=50000 pasv_max_port=50100
  firewall "$SRV" input 'tcp dport 50000-50100 drop'
  capture "$CLI" c0 passive-dropped.pcap
  in_cli curl -sS --disable-epsv --connect-timeout 4 -o /dev/null "$url/photo.bin" 2>/dev/null || true
  captured
}

cap_passive_dropped_425() {
  flat
  vsftpd pasv_min_port=50000 pasv_max_port=50100
  firewall "$SRV" input 'tcp dport 50000-50100 drop'
  capture "$SRV" s0 passive-dropped-425.pcap
  raw passive-blocked
  captured
}

cap_passive_refused() {
  flat
  vsftpd pasv_min_port=50000 pasv_max_port=50100
  firewall "$SRV" input 'tcp dport 50000-50100 reject with tcp reset'
  capture "$CLI" c0 passive-refused.pcap
  in_cli curl -sS --connect-timeout 4 -o /dev/null "$url/photo.bin" 2>/dev/null || true
  captured
}

cap_passive_icmp() {
  routed
  pureftpd -p 50000:50100
  firewall "$MID" forward 'tcp dport 50000-50100 reject with icmpx host-unreachable'
  capture "$CLI" c0 passive-icmp.pcap
  raw passive-blocked-routed
  captured
}

cap_passive_never_tried() {
  flat
  vsftpd
  capture "$CLI" c0 passive-never-tried.pcap
  raw passive-never-tried
  captured
}

cap_port_rejected() {
  flat
  vsftpd port_enable=NO
  capture "$CLI" c0 port-rejected.pcap
  in_cli lftp -u labuser,labpass -e "$lftp_set; set ftp:passive-mode no; set ftp:prefer-epsv no; get photo.bin -o $work/got1; quit" 192.0.2.21
  raw port-rejected
  captured
}

cap_nat_private_address() {
  routed
  nat 'tcp dport 21 dnat to 192.168.50.2'
  vsftpd pasv_min_port=50000 pasv_max_port=50020
  capture "$CLI" c0 nat-private-address.pcap
  in_cli curl -sS --disable-epsv --no-ftp-skip-pasv-ip --connect-timeout 5 -o /dev/null ftp://labuser:labpass@203.0.113.1/photo.bin 2>/dev/null || true
  captured
}

cap_nat_ignored_address() {
  routed
  nat 'tcp dport { 21, 50000-50020 } dnat to 192.168.50.2'
  vsftpd pasv_min_port=50000 pasv_max_port=50020
  capture "$CLI" c0 nat-ignored-address.pcap
  in_cli curl -sS --disable-epsv --ftp-skip-pasv-ip -o /dev/null ftp://labuser:labpass@203.0.113.1/photo.bin
  captured
}

# The cure: the server behind the NAT announces the public address.
cap_nat_masqueraded() {
  routed
  nat 'tcp dport { 21, 50000-50020 } dnat to 192.168.50.2'
  proftpd 'MasqueradeAddress 203.0.113.1' 'PassivePorts 50000 50020' 'DefaultAddress 192.168.50.2'
  capture "$SRV" s0 nat-masqueraded.pcap
  in_cli curl -sS --disable-epsv -o /dev/null ftp://labuser:labpass@203.0.113.1/photo.bin
  captured
}
