# Captures: what servers should not allow, and what should not be seen; three hosts. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

misuse() { in_cli "$python" "$lab/misuse.py" "$@"; }

# at_other WHAT [ARGUMENT…] starts one of misuse.py's scenarios on the third host.
at_other() {
  in_oth "$python" "$lab/misuse.py" "$@" >"$work/other.log" 2>&1 &
  await "$1" grep -q ready "$work/other.log"
}

# two_servers COMMAND… : vsftpd that takes third hosts at 192.0.2.21, and COMMAND as the server at 192.0.2.31.
two_servers() {
  lan
  vsftpd pasv_promiscuous=YES
  SRV=$OTH "$@"
}

cap_fxp() {
  two_servers pureftpd -w
  capture "$MID" br0 fxp.pcap
  misuse fxp
  captured
}

cap_fxp_refused() {
  two_servers vsftpd
  capture "$MID" br0 fxp-refused.pcap
  misuse fxp
  captured
}

cap_bounce_scan() {
  lan
  pureftpd -w
  at_other listener
  capture "$MID" br0 bounce-scan.pcap
  misuse bounce-scan 3306 8080 8443
  captured
}

cap_bounce_refused() {
  lan
  vsftpd
  capture "$MID" br0 bounce-refused.pcap
  misuse bounce-scan 22 8080
  captured
}

cap_privileged_port() {
  flat
  pureftpd
  capture "$CLI" c0 privileged-port.pcap
  misuse privileged-port
  captured
}

# third NAME VSFTPD-SETTING COMMAND [FILE]: the third host is at the passive port before the client.
third() {
  lan
  vsftpd pasv_min_port=50000 pasv_max_port=50000 "$2"
  capture "$MID" br0 "$1.pcap"
  if [ -n "${4:-}" ]; then at_other thief "$work/files" "$4"; else at_other thief; fi
  misuse third-party "$work/files" "$3"
  captured
}

cap_third_party_download() { third third-party-download pasv_promiscuous=YES 'RETR photo.bin'; }
cap_third_party_upload() { third third-party-upload pasv_promiscuous=YES 'STOR report.bin' up.bin; }
cap_third_party_refused() { third third-party-refused pasv_promiscuous=NO 'RETR photo.bin'; }

cap_brute_force() {
  flat
  vsftpd
  capture "$CLI" c0 brute-force.pcap
  misuse brute-force
  captured
}

cap_brute_force_success() {
  flat
  vsftpd
  capture "$CLI" c0 brute-force-success.pcap
  misuse brute-force-success
  captured
}

cap_few_failures() {
  flat
  vsftpd
  capture "$CLI" c0 few-failures.pcap
  misuse few-failures
  captured
}

cap_path_traversal() {
  flat
  vsftpd
  capture "$CLI" c0 path-traversal.pcap
  misuse path-traversal
  captured
}

cap_credential_download() {
  flat
  vsftpd chroot_local_user=NO
  capture "$CLI" c0 credential-download.pcap
  misuse credential-download
  captured
}

cap_dots_inside() {
  flat
  vsftpd
  capture "$CLI" c0 dots-inside.pcap
  misuse dots-inside
  captured
}

cap_site_commands() {
  flat
  proftpd "ModulePath $root/usr/lib/proftpd" 'LoadModule mod_copy.c'
  capture "$CLI" c0 site-commands.pcap
  misuse site-commands
  captured
}

cap_overlong_command() {
  flat
  vsftpd
  capture "$CLI" c0 overlong-command.pcap
  misuse overlong-command
  captured
}

cap_upload_php() {
  flat
  vsftpd
  capture "$CLI" c0 upload-php.pcap
  misuse upload-php "$work/files"
  captured
}

cap_ascii_binary() {
  flat
  vsftpd
  capture "$CLI" c0 ascii-binary.pcap
  misuse ascii-binary
  captured
}

# The file becomes longer, or shorter, while the server sends it at 20 kB a second.
cap_size_grows() {
  flat
  proftpd 'UseSendfile off' 'TransferRate RETR 20.0:0'
  capture "$CLI" c0 size-grows.pcap
  (sleep 0.8; head -c 7000 "$work/files/up.bin" >>"$work/home/labuser/photo.bin") &
  misuse slow-download
  captured
}

cap_size_shrinks() {
  flat
  proftpd 'UseSendfile off' 'TransferRate RETR 20.0:0'
  capture "$CLI" c0 size-shrinks.pcap
  (sleep 0.5; truncate -s 20000 "$work/home/labuser/photo.bin") &
  misuse slow-download
  captured
}

cap_prot_c() {
  flat
  certificate
  vsftpd "${tls_settings[@]}"
  capture "$CLI" c0 prot-c.pcap
  misuse prot-c
  captured
}

cap_prot_c_after_ccc() {
  flat
  certificate
  proftpd "ModulePath $root/usr/lib/proftpd" 'LoadModule mod_tls.c' 'TLSEngine on' 'TLSRequired off' 'TLSOptions NoSessionReuseRequired' \
    "TLSRSACertificateFile $work/cert.pem" "TLSRSACertificateKeyFile $work/key.pem" "TLSLog $work/tls.log"
  capture "$CLI" c0 prot-c-after-ccc.pcap
  misuse prot-c-after-ccc
  captured
}
