# Captures: FTPS with the clients' keys beside it, made into pcaps/keys. One function a capture: cap_keys_NAME. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

# logged NAME COMMAND…: a client that logs its keys; OpenSSL, GnuTLS and Python name the file by the same variable.
logged() {
  local name=$1
  shift
  : >"$work/out/$name.keys.log"
  in_cli env SSLKEYLOGFILE="$work/out/$name.keys.log" "$@"
}

tls_lftp='set net:timeout 8; set net:max-retries 2; set ftp:ssl-force yes; set cmd:interactive no; set ftp:ssl-protect-data yes; set ssl:verify-certificate no'

# TLS 1.3 as it is today: data connections resume by PSK.
cap_keys_tls13() {
  flat
  certificate
  vsftpd "${tls_settings[@]}"
  capture "$CLI" c0 tls13.pcap
  logged tls13 lftp -u labuser,labpass -e "$tls_lftp; get photo.bin -o $work/got1; put $work/files/up.bin; quit" 192.0.2.21
  captured
}

# vsftpd demands resumption, and GnuTLS logs the secret of the first connection only.
cap_keys_resumed_lftp() {
  flat
  certificate
  vsftpd "${tls_settings[@]/require_ssl_reuse=NO/require_ssl_reuse=YES}"
  capture "$CLI" c0 resumed-lftp.pcap
  logged resumed-lftp lftp -u labuser,labpass -e "$tls_lftp; set ssl:priority NORMAL:-VERS-ALL:+VERS-TLS1.2; set ftp:prefer-epsv no; get photo.bin -o $work/got1; put $work/files/up.bin; quit" 192.0.2.21
  captured
}

# The same demand, and a client that does not resume: 522 under TLS.
cap_keys_reuse_missing() {
  flat
  certificate
  vsftpd "${tls_settings[@]/require_ssl_reuse=NO/require_ssl_reuse=YES}"
  capture "$CLI" c0 reuse-missing.pcap
  logged reuse-missing "$python" "$lab/tlsclient.py" 192.0.2.21 'RETR photo.bin' || true
  captured
}

# Active mode, CBC with encrypt-then-MAC, PROT P and PROT C.
cap_keys_active_cbc() {
  flat
  certificate
  vsftpd "${tls_settings[@]}"
  capture "$CLI" c0 active-cbc.pcap
  logged active-cbc "$python" "$lab/tlsclient.py" 192.0.2.21 --active --ciphers ECDHE-RSA-AES128-SHA256 'RETR photo.bin' 'PROT C' 'RETR readme.txt'
  captured
}

# A firewall drops the passive ports: what TLS hides from it, it cannot open.
cap_keys_blocked() {
  flat
  certificate
  vsftpd "${tls_settings[@]}" pasv_min_port=50000 pasv_max_port=50099
  firewall "$SRV" input 'tcp dport 50000-50099 drop'
  capture "$CLI" c0 blocked.pcap
  logged blocked "$python" "$lab/tlsclient.py" 192.0.2.21 'RETR photo.bin' || true
  captured
}

# A NAT in front of the server, and a 227 with its private address.
cap_keys_nat() {
  routed
  certificate
  vsftpd "${tls_settings[@]}" pasv_min_port=50000 pasv_max_port=50099
  nat 'tcp dport { 21, 50000-50099 } dnat to 192.168.50.2'
  capture "$CLI" c0 nat.pcap
  logged nat lftp -u labuser,labpass -e "$tls_lftp; set ftp:prefer-epsv no; get readme.txt -o $work/got1; quit" 203.0.113.1
  captured
}

# ProFTPD under TLS 1.3: it demands resumption, and curl resumes.
cap_keys_proftpd_curl() {
  flat
  certificate
  proftpd_tls 'TLSProtocol TLSv1.3'
  capture "$CLI" c0 proftpd-curl.pcap
  logged proftpd-curl curl -sS -k --ssl-reqd -u labuser:labpass --max-time 20 -o /dev/null ftp://192.0.2.21/photo.bin \
    --next -sS -k --ssl-reqd -u labuser:labpass --max-time 20 -T "$work/files/up.bin" ftp://192.0.2.21/up.bin
  captured
}

# The same demand, and a client that does not resume: ProFTPD's words.
cap_keys_proftpd_missing() {
  flat
  certificate
  proftpd_tls 'TLSProtocol TLSv1.2'
  capture "$CLI" c0 proftpd-missing.pcap
  logged proftpd-missing "$python" "$lab/tlsclient.py" 192.0.2.21 'RETR photo.bin' || true
  captured
}

proftpd_tls() {
  proftpd "ModulePath $root/usr/lib/proftpd" 'LoadModule mod_tls.c' 'TLSEngine on' "TLSRSACertificateFile $work/cert.pem" \
    "TLSRSACertificateKeyFile $work/key.pem" 'TLSRequired off' 'TLSVerifyClient off' "TLSLog $work/tls.log" "$@"
}

# Pure-FTPd, TLS 1.2 with ChaCha20.
cap_keys_pureftpd_lftp() {
  flat
  certificate
  pureftpd_tls
  capture "$CLI" c0 pureftpd-lftp.pcap
  logged pureftpd-lftp lftp -u labuser,labpass -e "$tls_lftp; set ssl:priority NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CHACHA20-POLY1305; get photo.bin -o $work/got1; put $work/files/up.bin; quit" 192.0.2.21
  captured
}

# The command channel goes back to clear text (CCC), the data stay under TLS.
cap_keys_ccc() {
  flat
  certificate
  pureftpd_tls
  capture "$CLI" c0 ccc.pcap
  logged ccc "$python" "$lab/tlsclient.py" 192.0.2.21 --ciphers ECDHE-RSA-AES256-GCM-SHA384 'CCC' 'RETR photo.bin' 'LIST' || true
  captured
}

pureftpd_tls() {
  cat "$work/key.pem" "$work/cert.pem" >"$work/both.pem"
  pureftpd -Y 1 -2 "$work/both.pem" "$@"
}

# pyftpdlib, active mode under TLS 1.3.
cap_keys_pyftpd_active() {
  flat
  certificate
  cat "$work/key.pem" "$work/cert.pem" >"$work/both.pem"
  pyftpd_tls
  capture "$CLI" c0 pyftpd-active.pcap
  logged pyftpd-active "$python" "$lab/tlsclient.py" 192.0.2.21 --active 'RETR photo.bin' "STOR $work/files/up.bin" 'LIST'
  captured
}

pyftpd_tls() { PYTHONPATH=$root/usr/lib/python3/dist-packages serve 21 "$python" -W ignore "$lab/pyftps.py" "$work/home/labuser" "$work/both.pem"; }

# TLS on port 990 from the first byte.
cap_keys_implicit() {
  flat
  certificate
  vsftpd "${tls_settings[@]}" implicit_ssl=YES listen_port=990
  capture "$CLI" c0 implicit.pcap
  logged implicit curl -sS -k -u labuser:labpass --max-time 20 -o /dev/null ftps://192.0.2.21/photo.bin
  captured
}

# The client does not trust the server's certificate: under TLS 1.3 the keys show the alert.
cap_keys_unknown_ca() {
  flat
  certificate
  vsftpd "${tls_settings[@]}"
  capture "$CLI" c0 unknown-ca.pcap
  logged unknown-ca curl -sS --ssl-reqd -u labuser:labpass --max-time 20 -o /dev/null ftp://192.0.2.21/photo.bin || true
  captured
}

# A firewall drops what the server opens: active mode under TLS.
cap_keys_blocked_active() {
  flat
  certificate
  vsftpd "${tls_settings[@]}"
  firewall "$CLI" input 'tcp sport 20 drop'
  capture "$CLI" c0 blocked-active.pcap
  logged blocked-active "$python" "$lab/tlsclient.py" 192.0.2.21 --active 'RETR photo.bin' || true
  captured
}

# The same NAT, and a client that believes the 227: with keys the private address is seen, without it a SYN to it.
cap_keys_nat_private() {
  routed
  certificate
  vsftpd "${tls_settings[@]}" pasv_min_port=50000 pasv_max_port=50099
  nat 'tcp dport { 21, 50000-50099 } dnat to 192.168.50.2'
  capture "$CLI" c0 nat-private.pcap
  logged nat-private lftp -u labuser,labpass -e "$tls_lftp; set net:max-retries 1; set net:timeout 4; set ftp:prefer-epsv no; set ftp:fix-pasv-address no; get readme.txt -o $work/got1; quit" 203.0.113.1 || true
  captured
}

# Active mode from behind a NAT: the PORT that no helper can rewrite.
cap_keys_nat_active() {
  home
  certificate
  vsftpd "${tls_settings[@]}"
  capture "$SRV" s0 nat-active.pcap
  logged nat-active "$python" "$lab/tlsclient.py" 203.0.113.21 --active 'RETR photo.bin' || true
  captured
}

# The server wants a certificate of the client, which has none: under TLS 1.3 the client thinks that all is well, and the
# server's alert is encrypted.
cap_keys_no_client_certificate() {
  flat
  certificate
  vsftpd "${tls_settings[@]}" require_cert=YES validate_cert=YES "ca_certs_file=$work/cert.pem"
  capture "$CLI" c0 no-client-certificate.pcap
  logged no-client-certificate curl -sS -k --ssl-reqd -u labuser:labpass --max-time 20 -o /dev/null ftp://192.0.2.21/photo.bin || true
  captured
}

# Each server with each client, a download and an upload: TLS 1.2 in passive mode, TLS 1.3 in active mode. curl 7.88 begins
# TLS on data connections before the transfer command: that works neither in active mode nor with pyftpdlib, which gets PROT C.
cap_keys_each() {
  local server client version name
  for server in vsftpd proftpd pureftpd pyftpd; do
    for client in curl lftp ftplib; do
      for version in 1.2 1.3; do
        name=each-$server-$client-${version/./}
        flat
        certificate
        cat "$work/key.pem" "$work/cert.pem" >"$work/both.pem"
        case $server in
        vsftpd) vsftpd "${tls_settings[@]}" ;;
        proftpd) proftpd_tls 'TLSProtocol TLSv1.2 TLSv1.3' 'TLSOptions NoSessionReuseRequired' ;;
        pureftpd) pureftpd_tls ;;
        pyftpd) pyftpd_tls ;;
        esac
        capture "$CLI" c0 "$name.pcap"
        say "$name"
        "each_$client" "$name" "$version"
        captured
        net_down
      done
    done
  done
}

each_curl() {
  local demand=--ssl-reqd
  [[ $1 != each-pyftpd* ]] || demand=--ftp-ssl-control
  logged "$1" curl -sS -k "$demand" --tlsv"$2" --tls-max "$2" -u labuser:labpass --max-time 20 -o /dev/null ftp://192.0.2.21/readme.txt \
    --next -sS -k "$demand" --tlsv"$2" --tls-max "$2" -u labuser:labpass --max-time 20 -T "$work/files/up.txt" ftp://192.0.2.21/up.txt
}

each_lftp() {
  local mode=yes
  [ "$2" = 1.2 ] || mode=no
  rm -f "$work/got1"
  logged "$1" lftp -u labuser,labpass -e "$tls_lftp; set ssl:priority NORMAL:-VERS-ALL:+VERS-TLS$2; set ftp:passive-mode $mode; get readme.txt -o $work/got1; put $work/files/up.txt; quit" 192.0.2.21
}

each_ftplib() {
  local mode=()
  [ "$2" = 1.2 ] || mode=(--active)
  logged "$1" "$python" "$lab/tlsclient.py" 192.0.2.21 --version "$2" "${mode[@]}" 'RETR readme.txt' "STOR $work/files/up.txt"
}

# A server that wants another group than the client guessed: HelloRetryRequest; and one that pads its records.
cap_keys_hello_retry() {
  flat
  certificate
  printf '%s\n' 'openssl_conf = a' '[a]' 'ssl_conf = b' '[b]' 'system_default = c' '[c]' 'Groups = P-384' 'RecordPadding = 512' >"$work/openssl.cnf"
  OPENSSL_CONF=$work/openssl.cnf vsftpd "${tls_settings[@]}"
  capture "$CLI" c0 hello-retry.pcap
  logged hello-retry "$python" "$lab/tlsclient.py" 192.0.2.21 --version 1.3 'RETR readme.txt' "STOR $work/files/up.txt"
  captured
}

# A server that shakes hands again and again within the connection (TLS 1.2): none of the FTP servers does with these clients,
# so openssl's test programs speak FTP.
cap_keys_renegotiated() {
  local pipe server client who line
  flat
  certificate
  for pipe in server client; do mkfifo "$work/$pipe.in"; done
  in_srv openssl s_server -accept 990 -cert "$work/cert.pem" -key "$work/key.pem" -tls1_2 -cipher ECDHE-RSA-AES128-SHA256 -crlf <"$work/server.in" >"$work/server.log" 2>&1 &
  exec {server}>"$work/server.in"
  await s_server listening 990
  capture "$CLI" c0 renegotiated.pcap
  logged renegotiated openssl s_client -connect 192.0.2.21:990 -quiet -crlf -keylogfile "$work/out/renegotiated.keys.log" <"$work/client.in" >"$work/client.log" 2>&1 &
  exec {client}>"$work/client.in"
  sleep 0.5
  while read -r who line; do
    case $who in
    S) echo "$line" >&"$server" ;; # r and R: another handshake
    C) echo "$line" >&"$client" ;;
    esac
    sleep 0.3
  done <<E
S 220 ready
C USER labuser
S 331 password
S r
C PASS labpass
S 230 in
C CWD docs
S 250 there
S R
C SYST
S 215 UNIX
C QUIT
S 221 bye
E
  exec {client}>&-
  sleep 0.3
  exec {server}>&-
  captured
}

# curl 7.88 says hello on the data connection before the transfer command, and pyftpdlib resets it.
cap_keys_early_hello() {
  flat
  certificate
  cat "$work/key.pem" "$work/cert.pem" >"$work/both.pem"
  pyftpd_tls
  capture "$CLI" c0 early-hello.pcap
  logged early-hello curl -sS -k --ssl-reqd -u labuser:labpass --max-time 20 -o /dev/null ftp://192.0.2.21/readme.txt || true
  captured
}
