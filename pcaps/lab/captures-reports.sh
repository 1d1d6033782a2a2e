# Captures: situations out of public reports, with the words of the products that they were met with. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

reported() { in_cli "$python" "$lab/reported.py" "$@"; }

# spoken VERB=REPLY…: lab/spoken.py in the server's namespace.
spoken() {
  in_srv "$python" "$lab/spoken.py" 21 "$@" >"$work/server.log" 2>&1 &
  await spoken listening 21
}

# says NAME SCENARIO USER VERB=REPLY…
says() {
  local name=$1 scenario=$2 user=$3
  shift 3
  flat
  spoken "$@"
  capture "$CLI" c0 "$name.pcap"
  reported "$scenario" 192.0.2.21 "$user" || true
  captured
}

# Windows' own languages come in Windows' own code pages.
cap_iis_530_german() {
  says iis-530-german logs-in labuser 'greeting=220 Microsoft FTP Service' \
    'PASS=530-Der Benutzer kann sich nicht anmelden.\n Win32-Fehler:   Der Benutzername oder das Kennwort ist falsch. \n Fehlerdetails: W\xe4hrend des Authentifizierungsprozesses ist ein Fehler aufgetreten.\n530 Ende'
}

cap_iis_534_chinese() {
  says iis-534-chinese logs-in labuser 'greeting=220 Microsoft FTP Service' \
    'USER=534-\xb2\xdf\xc2\xd4\xd2\xaa\xc7\xf3 SSL\xa1\xa3\n534 End'
}

cap_lockout_421() { says lockout-421 logs-in labuser 'PASS=421 Too many wrong passwords. Closing control connection.'; }

cap_home_missing_421() { says home-missing-421 logs-in labuser 'PASS=421 Home directory not available - aborting'; }

cap_proxy_unreachable() {
  says proxy-unreachable logs-in labuser@ftp.example.test 'greeting=220 FTP proxy ready.' \
    'USER=530 Could not connect to ftp.example.test: Connection timed out'
}

cap_closed_ungreeted() { says closed-ungreeted connects '' greeting=close; }

cap_login_too_slow() { says login-too-slow logs-in labuser PASS=wait:15; }

cap_list_hangs() { says list-hangs lists-in-vain '' data=silent; }

cap_timer_ignores_data() { says timer-ignores-data uploads-on-and-on '' 'limit=8:421 Idle timeout (8 seconds): closing control connection'; }

cap_never_closed() { says never-closed waits-for-the-end '' data=open; }

cap_names_say_much() {
  flat
  proftpd
  capture "$CLI" c0 names-say-much.pcap
  reported names-say-much 192.0.2.21
  captured
}

cap_health_check() {
  flat
  vsftpd
  capture "$SRV" s0 health-check.pcap
  reported health-check 192.0.2.21
  captured
}

# HAProxy accepts for a server that does not run.
cap_balancer_without_server() {
  routed
  printf 'global\n user root\ndefaults\n mode tcp\n timeout connect 2s\n timeout client 60s\n timeout server 60s\n retries 0\nlisten ftp\n bind 203.0.113.1:21\n server s 192.168.50.2:21\n' >"$work/haproxy.cfg"
  in_mid env LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu" "$root/usr/sbin/haproxy" -db -f "$work/haproxy.cfg" >"$work/haproxy.log" 2>&1 &
  await haproxy eval "in_mid ss -Htln 'sport = :21' | grep -q ."
  capture "$CLI" c0 balancer-without-server.pcap
  reported connects 203.0.113.1
  captured
}

# inspects RULE: the router looks for four bytes after TCP's header of 32.
inspects() { firewall "$MID" forward "tcp dport 21 @th,256,32 $1"; }

cap_firewall_resets_auth() {
  routed
  vsftpd
  inspects '0x41555448 reject with tcp reset' # AUTH
  capture "$CLI" c0 firewall-resets-auth.pcap
  reported asks-auth 192.168.50.2
  captured
}

cap_firewall_swallows_epsv() {
  routed
  vsftpd
  inspects '0x45505356 drop' # EPSV
  capture "$CLI" c0 firewall-swallows-epsv.pcap
  reported asks-epsv 192.168.50.2
  captured
}

# What the server answers does not come back: the router drops SYN-ACKs.
cap_answer_dropped() {
  routed
  vsftpd
  firewall "$MID" forward 'tcp sport 21 tcp flags & (syn|ack) == (syn|ack) drop'
  capture "$SRV" s0 answer-dropped.pcap
  reported connects 192.168.50.2
  captured
}

# As fail2ban does it after three wrong passwords.
cap_banned() {
  flat
  vsftpd
  capture "$CLI" c0 banned.pcap
  reported wrong-passwords 192.0.2.21 &
  local client=$!
  sleep 2.5
  firewall "$SRV" input 'tcp dport 21 tcp flags & (syn|ack) == syn drop'
  wait "$client"
  captured
}

# Only what goes over port 21 is captured.
cap_port_21_only() {
  routed
  vsftpd "${passive_range[@]}" accept_timeout=3
  firewall "$MID" forward 'tcp dport 50000-50100 tcp flags & (syn|ack) == syn limit rate over 1/hour burst 1 packets drop'
  capture "$CLI" c0 port-21-only.pcap 'port 21'
  reported some-work 192.168.50.2
  captured
}

# The name that the client asks for is the server's, and its own certificate is none that the server knows.
cap_client_certificate() {
  flat
  certificate
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=client -keyout "$work/client.key" -out "$work/client.pem" >/dev/null 2>&1
  vsftpd "${tls_settings[@]}" require_cert=YES validate_cert=YES "ca_certs_file=$work/cert.pem"
  capture "$CLI" c0 client-certificate.pcap
  curled -k --ssl-reqd --tls-max 1.2 --cert "$work/client.pem" --key "$work/client.key" "$url/photo.bin"
  captured
}

# On the router, which resets the data connection itself: what it forwards is there twice, with other TTLs.
cap_router_any_resets() {
  routed
  vsftpd "${passive_range[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 reject with tcp reset'
  capture "$MID" any router-any-resets.pcap
  failing firewall-passive
  captured
}

cap_size_first() {
  flat
  vsftpd
  capture "$CLI" c0 size-first.pcap
  curled "$url/nothere.bin"
  captured
}

# Two bytes of each packet's payload.
cap_snaplen_68() {
  routed
  vsftpd "${passive_range[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 drop'
  capture "$CLI" c0 snaplen-68.pcap -s 68
  failing firewall-passive
  captured
}
