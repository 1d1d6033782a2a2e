# Captures: what is transferred, and how it ends. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

cap_upload() {
  flat
  vsftpd
  capture "$CLI" c0 upload.pcap
  raw upload "$work/files"
  captured
}

cap_append() {
  flat
  pureftpd
  capture "$CLI" c0 append.pcap
  in_cli curl -sS --max-time 20 --disable-epsv -a -T "$work/files/more.txt" "$url/log.txt" -T "$work/files/up.txt" "$url/log.txt"
  captured
}

cap_resume() {
  flat
  vsftpd
  capture "$CLI" c0 resume.pcap
  in_cli curl -sS --max-time 20 --disable-epsv -C 20000 -o "$work/got" "$url/photo.bin"
  raw resume "$work/files"
  captured
}

cap_listing_forms() {
  flat
  proftpd
  capture "$CLI" c0 listing-forms.pcap
  raw listing-forms
  captured
}

cap_abort() {
  flat
  vsftpd async_abor_enable=YES local_max_rate=40000 trans_chunk_size=8192
  capture "$CLI" c0 abort.pcap
  raw abort
  captured
}

# ProFTPD says 226 (to ABOR) before 426 (to RETR): replies paired in order would swap them.
cap_abort_reply_order() {
  flat
  proftpd 'TransferRate RETR 40.0:0'
  capture "$CLI" c0 abort-reply-order.pcap
  raw abort
  captured
}

cap_retr_550() {
  flat
  vsftpd
  capture "$CLI" c0 retr-550.pcap
  raw retr-550
  captured
}

cap_stou() {
  flat
  vsftpd
  capture "$CLI" c0 stou.pcap
  raw stou "$work/files"
  captured
}

cap_cwd_navigation() {
  flat
  vsftpd
  capture "$CLI" c0 cwd-navigation.pcap
  raw cwd-navigation
  captured
}
