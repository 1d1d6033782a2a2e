# Captures: sessions that fail before their first transfer, or beside all transfers. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

troubled() { in_cli "$python" "$lab/troubled.py" "$@"; }

curled() { in_cli curl -sS --max-time 12 -o /dev/null "$@" 2>/dev/null || true; }

cap_control_refused() {
  routed
  capture "$CLI" c0 control-refused.pcap
  curled ftp://labuser:labpass@192.168.50.2/photo.bin
  captured
}

cap_control_unreachable() {
  routed
  ip -n "$MID" route add unreachable 192.168.50.2/32
  capture "$CLI" c0 control-unreachable.pcap
  curled ftp://labuser:labpass@192.168.50.2/photo.bin
  captured
}

# The firewall resets the client in the server's name, from a place nearer than the server's.
cap_control_reset_between() {
  routed
  vsftpd
  firewall "$MID" forward 'tcp dport 21 reject with tcp reset'
  capture "$CLI" c0 control-reset-between.pcap
  curled ftp://labuser:labpass@192.168.50.2/photo.bin
  captured
}

# The server's kernel accepts, its program is stopped.
cap_no_greeting() {
  flat
  vsftpd
  stop_servers
  capture "$CLI" c0 no-greeting.pcap
  curled "$url/photo.bin"
  captured
  go_on_servers
}

server_pids() { ip netns pids "$SRV" | while read -r p; do grep -qE "${1:-ftpd|python}" "/proc/$p/comm" && echo "$p"; done; }

stop_servers() { # shellcheck disable=SC2046
  kill -STOP $(server_pids)
}

go_on_servers() { # shellcheck disable=SC2046
  kill -CONT $(server_pids)
}

cap_slow_greeting_ident() {
  routed
  proftpd "ModulePath $root/usr/lib/proftpd" 'LoadModule mod_ident.c' 'DefaultAddress 192.168.50.2' 'IdentLookups on'
  firewall "$CLI" input 'tcp dport 113 drop'
  capture "$CLI" c0 slow-greeting-ident.pcap
  in_cli curl -sS --max-time 24 --disable-epsv -o /dev/null ftp://labuser:labpass@192.168.50.2/readme.txt
  captured
}

# The server asks a name server that does not answer for the client's name.
cap_slow_greeting_dns() {
  routed
  printf 'nameserver 203.0.113.53\noptions timeout:3 attempts:2\n' >"/etc/netns/$SRV/resolv.conf"
  firewall "$MID" forward 'udp dport 53 drop'
  serve 21 "$root/usr/sbin/pure-ftpd" -l unix -A -u 1
  capture "$SRV" s0 slow-greeting-dns.pcap
  in_cli curl -sS --max-time 24 --disable-epsv -o /dev/null ftp://labuser:labpass@192.168.50.2/readme.txt
  captured
  : >"/etc/netns/$SRV/resolv.conf"
}

cap_ssh_to_ftp() {
  flat
  vsftpd
  capture "$CLI" c0 ssh-to-ftp.pcap
  in_cli ssh -p 21 -o BatchMode=yes -o ConnectTimeout=5 -o UserKnownHostsFile=/dev/null -F none labuser@192.0.2.21 true 2>/dev/null || true
  captured
}

cap_ftp_to_ssh() {
  flat
  in_srv unshare --uts sh -c 'hostname ftp.example.test; exec "$@"' sh env LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu" \
    "$root/usr/sbin/dropbear" -F -R -p 21 -P "$work/dropbear.pid" -r "$(host_key)" >"$work/server.log" 2>&1 &
  await dropbear listening 21
  capture "$CLI" c0 ftp-to-ssh.pcap
  curled "$url/photo.bin"
  captured
}

host_key() {
  LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/dropbearkey" -t ecdsa -f "$work/hostkey" >/dev/null 2>&1
  echo "$work/hostkey"
}

cap_http_to_ftp() {
  flat
  vsftpd
  capture "$CLI" c0 http-to-ftp.pcap
  curled --http0.9 http://192.0.2.21:21/photo.bin
  captured
}

cap_ftp_to_http() {
  flat
  in_srv "$python" -m http.server -d "$work/home/anonymous" 21 >"$work/server.log" 2>&1 &
  await http listening 21
  capture "$CLI" c0 ftp-to-http.pcap
  troubled impatient-user
  captured
}

cap_too_many_421() {
  flat
  vsftpd max_per_ip=1
  capture "$CLI" c0 too-many-421.pcap
  troubled two-at-once
  captured
}

cap_too_many_530() {
  flat
  proftpd 'MaxClientsPerHost 1 "Sorry, the maximum number of clients (%m) from your host are already connected."'
  capture "$CLI" c0 too-many-530.pcap
  troubled two-at-once
  captured
}

cap_tls_required_530() {
  flat
  certificate
  vsftpd "${tls_settings[@]}" force_local_logins_ssl=YES
  capture "$CLI" c0 tls-required-530.pcap
  curled "$url/photo.bin"
  captured
}

cap_tls_required_550() {
  flat
  certificate
  proftpd "ModulePath $root/usr/lib/proftpd" 'LoadModule mod_tls.c' 'TLSEngine on' 'TLSRequired on' "TLSRSACertificateFile $work/cert.pem" "TLSRSACertificateKeyFile $work/key.pem"
  capture "$CLI" c0 tls-required-550.pcap
  curled "$url/photo.bin"
  captured
}

cap_tls_refused_left() {
  flat
  vsftpd
  capture "$CLI" c0 tls-refused-left.pcap
  curled --ssl-reqd "$url/photo.bin"
  captured
}

unknown_ca() {
  flat
  certificate
  vsftpd "${tls_settings[@]}"
  capture "$CLI" c0 "$1.pcap"
  curled --ssl-reqd --tls-max "$2" "$url/photo.bin"
  captured
}

cap_tls_unknown_ca_12() { unknown_ca tls-unknown-ca-12 1.2; }
cap_tls_unknown_ca_13() { unknown_ca tls-unknown-ca-13 1.3; }

cap_tls_version() {
  flat
  certificate
  vsftpd "${tls_settings[@]}"
  capture "$CLI" c0 tls-version.pcap
  OPENSSL_CONF=/dev/null troubled old-tls
  captured
}

cap_implicit_to_explicit() {
  flat
  vsftpd
  capture "$CLI" c0 implicit-to-explicit.pcap
  curled -k ftps://labuser:labpass@192.0.2.21:21/photo.bin
  captured
}

cap_explicit_to_implicit() {
  flat
  certificate
  vsftpd "${tls_settings[@]}" implicit_ssl=YES listen_port=990
  capture "$CLI" c0 explicit-to-implicit.pcap
  curled -k --ssl-reqd ftp://labuser:labpass@192.0.2.21:990/photo.bin
  captured
}

cap_server_oops() {
  flat
  vsftpd allow_writeable_chroot=NO
  capture "$CLI" c0 server-oops.pcap
  curled "$url/photo.bin"
  captured
}

cap_closed_before_login() {
  flat
  vsftpd idle_session_timeout=3
  capture "$CLI" c0 closed-before-login.pcap
  troubled waits-for-421
  captured
}

cap_closed_after_success() {
  flat
  vsftpd idle_session_timeout=4
  capture "$CLI" c0 closed-after-success.pcap
  troubled waits-after-download
  captured
}

# A balancer tells who the client is, by a PROXY line; this server takes it for a command, and answers once too often.
cap_out_of_step() {
  home
  printf 'global\n user root\ndefaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n timeout server 60s\nlisten ftp\n bind 203.0.113.1:21\n server s 203.0.113.21:21 send-proxy\n' >"$work/haproxy.cfg"
  vsftpd
  in_mid env LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu" "$root/usr/sbin/haproxy" -db -f "$work/haproxy.cfg" >"$work/haproxy.log" 2>&1 &
  await haproxy eval "in_mid ss -Htln 'sport = :21' | grep -q ."
  capture "$SRV" s0 out-of-step.pcap
  curled ftp://labuser:labpass@203.0.113.1/photo.bin
  captured
}

cap_no_reply() {
  flat
  vsftpd
  capture "$CLI" c0 no-reply.pcap
  troubled unanswered &
  local client=$!
  sleep 2
  stop_servers
  wait "$client" || true
  captured
  go_on_servers
}

# As no-reply, and the answer comes when the client has left.
cap_reply_too_late() {
  flat
  vsftpd
  capture "$CLI" c0 reply-too-late.pcap
  troubled unanswered &
  local client=$!
  sleep 2
  stop_servers
  wait "$client" || true
  go_on_servers
  captured
}

cap_mkd_denied() {
  flat
  vsftpd write_enable=NO
  capture "$CLI" c0 mkd-denied.pcap
  troubled makes-directory
  captured
}
