# Captures: one session seen at two points at once, on the client's side and on the server's side of what lies between.
# Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

# both NAME starts the two captures.
both() {
  capture "$CLI" c0 "$1-client.pcap"
  client_capture=$capture_pid
  capture "$SRV" s0 "$1-server.pcap"
}

# both_captured ends them.
both_captured() {
  captured "${1:-0.4}"
  kill -INT "$client_capture"
  wait "$client_capture" || true
}

# clock_ahead FILE SECONDS puts the clock of a capture ahead, as those of two machines are apart.
clock_ahead() {
  editcap -F pcap -t "$2" "$work/out/$1" "$work/shifted.pcap"
  mv "$work/shifted.pcap" "$work/out/$1"
}

# sign_of_life: a connection that the router lets pass and that has nothing to do with FTP, so that both captures show that
# they ran, and how their clocks compare.
sign_of_life() {
  in_cli "$python" -c "import socket; socket.socket().connect_ex(('$1', 9))"
}

passive_get() { # passive_get URL [curl options]
  in_cli curl -sS --max-time 20 --disable-epsv -o /dev/null "$@" 2>/dev/null || true
}

# The client's router masquerades and clamps the MSS, as those of DSL lines do; the server's clock is 37.25 s ahead.
cap_pair_masquerade() {
  home
  firewall "$MID" forward 'tcp flags syn tcp option maxseg size set 1200'
  vsftpd "${passive_range[@]}"
  both pair-masquerade
  passive_get ftp://labuser:labpass@203.0.113.21/photo.bin
  both_captured
  clock_ahead pair-masquerade-server.pcap 37.25
}

cap_pair_alg_port() {
  home
  ftp_helper
  vsftpd
  both pair-alg-port
  failing active-nat-no-alg
  both_captured
}

cap_pair_alg_227() {
  routed
  nat 'tcp dport 21 dnat to 192.168.50.2'
  ftp_helper
  vsftpd
  both pair-alg-227
  passive_get --no-ftp-skip-pasv-ip ftp://labuser:labpass@203.0.113.1/photo.bin
  both_captured
}

# The same without the helper: the client tries the private address.
cap_pair_dnat() {
  routed
  nat 'tcp dport 21 dnat to 192.168.50.2'
  vsftpd pasv_min_port=50000 pasv_max_port=50020
  both pair-dnat
  passive_get --no-ftp-skip-pasv-ip --connect-timeout 4 ftp://labuser:labpass@203.0.113.1/photo.bin
  both_captured
}

cap_pair_passive_dropped() {
  routed
  vsftpd "${passive_range[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 drop'
  both pair-passive-dropped
  failing firewall-passive
  both_captured
}

cap_pair_active_dropped() {
  routed
  vsftpd
  firewall "$MID" forward 'tcp sport 20 drop'
  both pair-active-dropped
  failing firewall-active
  both_captured
}

# The firewall answers the SYN itself, in the server's name.
cap_pair_refused_between() {
  routed
  vsftpd "${passive_range[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 reject with tcp reset'
  both pair-refused-between
  failing passive-icmp
  both_captured
}

cap_pair_icmp_between() {
  routed
  vsftpd "${passive_range[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 reject with icmpx admin-prohibited'
  both pair-icmp-between
  failing passive-icmp
  both_captured
}

# It takes offence after 40 kB, and resets the server in the client's name.
cap_pair_rst_between() {
  routed
  vsftpd "${passive_range[@]}" local_max_rate=80000 trans_chunk_size=8192
  firewall "$MID" forward 'tcp sport 50000-50100 quota over 40 kbytes reject with tcp reset'
  both pair-rst-between
  failing data-cut
  both_captured
}

cap_pair_loss() {
  relayed lossy
  vsftpd
  both pair-loss
  raw loss-and-reordering "$work/files"
  both_captured
}

# No session at all: the server never hears of it.
cap_pair_control_dropped() {
  routed
  firewall "$MID" forward 'tcp dport 21 drop'
  both pair-control-dropped
  sign_of_life 192.168.50.2
  in_cli curl -sS --connect-timeout 4 -o /dev/null ftp://labuser:labpass@192.168.50.2/photo.bin 2>/dev/null || true
  sign_of_life 192.168.50.2
  both_captured
}
