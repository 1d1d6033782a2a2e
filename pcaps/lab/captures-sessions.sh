# Captures: the control connection: greeting, login, TLS, ports, several at once, and what is no FTP at all.
# shellcheck shell=bash disable=SC2154,SC2034

cap_multiline_banner() {
  flat
  { for i in $(seq 20); do echo "line $i of the greeting"; done
    printf '220 this line is not the end\n221 nor is this\n   220-nor this\n'; } >"$work/banner"
  printf '230 not yet logged in\nwelcome\n' >"$work/welcome"
  chmod 644 "$work/banner" "$work/welcome"
  cp "$work/welcome" "$work/home/labuser/.welcome"
  proftpd "DisplayConnect $work/banner" 'DisplayLogin .welcome'
  capture "$CLI" c0 multiline-banner.pcap
  raw multiline-banner
  captured
}

cap_login_failed() {
  flat
  vsftpd
  capture "$CLI" c0 login-failed.pcap
  raw login-failed
  captured
}

cap_anonymous() {
  flat
  vsftpd
  capture "$CLI" c0 anonymous.pcap
  in_cli curl -sS --max-time 20 --disable-epsv -o /dev/null ftp://192.0.2.21/pub/photo.bin
  captured
}

cap_idle_then_quit() {
  flat
  vsftpd
  capture "$CLI" c0 idle-then-quit.pcap
  raw idle-then-quit
  captured
}

# Pure-FTPd answers a NOOP during a transfer at once, by 500.
cap_noop_during_transfer() {
  flat
  pureftpd
  capture "$CLI" c0 noop-during-transfer.pcap
  raw noop-during-transfer "$work/files"
  captured
}

certificate() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=ftp.example.test -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
  tls_settings=(ssl_enable=YES "rsa_cert_file=$work/cert.pem" "rsa_private_key_file=$work/key.pem" require_ssl_reuse=NO ssl_ciphers=HIGH
    force_local_data_ssl=NO force_local_logins_ssl=NO)
}

cap_auth_tls() {
  flat
  certificate
  vsftpd "${tls_settings[@]}"
  capture "$CLI" c0 auth-tls.pcap
  in_cli curl -sS -k --ssl-reqd --max-time 20 -o /dev/null "$url/photo.bin" \
    --next -sS -k --ssl-reqd --max-time 20 -T "$work/files/up.bin" "$url/up.bin"
  captured
}

cap_auth_tls_active() {
  flat
  certificate
  vsftpd "${tls_settings[@]}"
  capture "$CLI" c0 auth-tls-active.pcap
  in_cli lftp -u labuser,labpass -e "${lftp_set/ssl-allow no/ssl-force yes}; set ftp:ssl-protect-data yes; set ssl:verify-certificate no; set ftp:passive-mode no; get photo.bin -o $work/got1; quit" 192.0.2.21
  captured
}

cap_auth_tls_refused() {
  flat
  vsftpd
  capture "$CLI" c0 auth-tls-refused.pcap
  in_cli curl -sS --ssl --max-time 20 -o /dev/null "$url/readme.txt"
  captured
}

cap_control_port_2121() {
  flat
  vsftpd listen_port=2121
  capture "$CLI" c0 control-port-2121.pcap
  in_cli curl -sS --max-time 20 --disable-epsv -o /dev/null ftp://labuser:labpass@192.0.2.21:2121/photo.bin
  in_cli curl -sS --max-time 20 --interface 192.0.2.11 --disable-eprt -P 192.0.2.11 -o /dev/null ftp://labuser:labpass@192.0.2.21:2121/readme.txt
  captured
}

cap_several_clients() {
  flat
  vsftpd local_max_rate=60000 trans_chunk_size=8192
  capture "$SRV" s0 several-clients.pcap
  local pids=()
  in_cli curl -sS --max-time 20 --interface 192.0.2.10 --disable-epsv -o "$work/got0" "$url/photo.bin" &
  pids+=($!)
  raw several-active "$work/files" &
  pids+=($!)
  in_cli lftp -u labuser,labpass -e "$lftp_set; set net:socket-bind-ipv4 192.0.2.12; set ftp:prefer-epsv yes; get readme.txt -o $work/got2; quit" 192.0.2.21 &
  pids+=($!)
  raw several-mixed &
  pids+=($!)
  local p
  for p in "${pids[@]}"; do wait "$p"; done
  captured
}

cap_decoy_not_ftp() {
  flat
  in_srv "$python" "$lab/decoys.py" serve >"$work/server.log" 2>&1 &
  await decoys grep -q ready "$work/server.log"
  capture "$CLI" c0 decoy-not-ftp.pcap
  in_cli "$python" "$lab/decoys.py" ask
  captured
}
