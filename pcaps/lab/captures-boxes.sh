# Captures: gateways that see a session twice, and proxies. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

# On a NAT gateway with -i any each packet is there before and after the NAT.
cap_gateway_ok() {
  home
  ip netns exec "$MID" nft flush chain ip labhome pass
  vsftpd
  capture "$MID" any gateway-ok.pcap 'tcp'
  curled --disable-epsv ftp://labuser:labpass@203.0.113.21/readme.txt
  captured
}

cap_gateway_blocks_passive() {
  home
  vsftpd "${passive_range[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 drop'
  capture "$MID" any gateway-blocks-passive.pcap 'tcp'
  in_cli curl -sS --max-time 14 --connect-timeout 6 --disable-epsv -o /dev/null ftp://labuser:labpass@203.0.113.21/photo.bin 2>/dev/null || true
  captured
}

# PORT's address passes untranslated, and the server's SYNs go nowhere.
cap_gateway_port() {
  home
  ip -n "$SRV" route add default via 203.0.113.1
  in_srv sysctl -qw net.ipv4.tcp_syn_retries=1
  pureftpd -w
  capture "$MID" any gateway-port.pcap 'tcp'
  failing active-nat-no-alg
  captured
}

# The helper opens the way for the server, the gateway's own rule closes it.
cap_gateway_blocks_active() {
  home
  ftp_helper
  vsftpd
  firewall "$MID" forward 'tcp sport 20 drop'
  capture "$MID" any gateway-blocks-active.pcap 'tcp'
  failing active-nat-no-alg
  captured
}

socks() {
  in_mid "$root/usr/bin/microsocks" -i 203.0.113.1 -p 1080 >"$work/socks.log" 2>&1 &
  await microsocks eval "in_mid ss -Htln 'sport = :1080' | grep -q ."
}

cap_socks_ok() {
  routed
  socks
  vsftpd "${passive_range[@]}"
  capture "$CLI" c0 socks-ok.pcap
  curled --disable-epsv --socks5 203.0.113.1:1080 ftp://labuser:labpass@192.168.50.2/photo.bin
  captured
}

cap_socks_refused() {
  routed
  socks
  vsftpd "${passive_range[@]}"
  firewall "$SRV" input 'tcp dport 50000-50100 reject with tcp reset'
  capture "$CLI" c0 socks-refused.pcap
  curled --disable-epsv --socks5 203.0.113.1:1080 ftp://labuser:labpass@192.168.50.2/photo.bin
  captured
}

# connect_proxy PORT…: an HTTP proxy that lets CONNECT reach these ports.
connect_proxy() {
  { printf 'Port 8080\nListen 203.0.113.1\nTimeout 60\nAllow 203.0.113.0/24\nLogLevel Error\nMaxClients 10\n'
    printf 'ConnectPort %s\n' "$@"; } >"$work/tinyproxy.conf"
  in_mid "$root/usr/bin/tinyproxy" -d -c "$work/tinyproxy.conf" >"$work/proxy.log" 2>&1 &
  await tinyproxy eval "in_mid ss -Htln 'sport = :8080' | grep -q ."
}

cap_connect_ok() {
  routed
  connect_proxy 21 50000
  vsftpd pasv_min_port=50000 pasv_max_port=50000
  capture "$CLI" c0 connect-ok.pcap
  curled --disable-epsv --proxytunnel -x http://203.0.113.1:8080 ftp://labuser:labpass@192.168.50.2/photo.bin
  captured
}

cap_connect_refused() {
  routed
  connect_proxy 21
  vsftpd "${passive_range[@]}"
  capture "$CLI" c0 connect-refused.pcap
  curled --disable-epsv --proxytunnel -x http://203.0.113.1:8080 ftp://labuser:labpass@192.168.50.2/photo.bin
  captured
}
