# Captures with a packet too few or too many. The hosts are real; what is true of them is read before damaged_NAME takes packets
# away (lab/damage.py). What is too much was on the wire (lab/stray.py). Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

damage() { "$python" "$lab/damage.py" "$work/out/$1" "${@:2}"; }

cap_lost_user() {
  flat
  vsftpd
  capture "$CLI" c0 lost-user.pcap
  curled --disable-epsv ftp://labuser:labpass@192.0.2.21/photo.bin
  captured
}
damaged_lost_user() { damage lost-user.pcap 'USER '; }

# The data connection does not come, so that the server says 425 to the command that is missing.
cap_lost_retr() {
  flat
  vsftpd "${passive_range[@]}"
  firewall "$SRV" input 'tcp dport 50000-50100 drop'
  capture "$CLI" c0 lost-retr.pcap
  raw passive-blocked
  captured
}
damaged_lost_retr() { damage lost-retr.pcap 'RETR '; }

cap_lost_234() {
  flat
  certificate
  vsftpd "${tls_settings[@]}"
  capture "$CLI" c0 lost-234.pcap
  in_cli curl -sS -k --ssl-reqd --disable-epsv -o /dev/null "$url/photo.bin"
  captured
}
damaged_lost_234() { damage lost-234.pcap '234 '; }

# A recorder that wrote its file twice into one.
cap_recorded_twice() {
  flat
  vsftpd
  capture "$CLI" c0 recorded-twice.pcap
  raw both-ways
  captured
}
damaged_recorded_twice() {
  mergecap -a -F pcap -w "$work/twice" "$work/out/recorded-twice.pcap" "$work/out/recorded-twice.pcap"
  mv "$work/twice" "$work/out/recorded-twice.pcap"
}

cap_stray_segments() { strayed stray-segments segments; }
cap_overlap_conflict() { strayed overlap-conflict conflict; }

strayed() {
  flat
  vsftpd
  capture "$CLI" c0 "$1.pcap"
  in_cli "$python" "$lab/stray.py" "$2"
  captured
}

# USER is accepted at once.
cap_password_not_asked() {
  flat
  vsftpd no_anon_password=YES
  capture "$CLI" c0 password-not-asked.pcap
  in_cli "$python" "$lab/stray.py" not-asked
  captured
}

# Compressed, and cut at seven tenths: what each tool makes of it is what there is to read. In a hidden folder, since a cut file is
# an error of runs over all captures.
cap_packed_cut() {
  flat
  vsftpd
  capture "$CLI" c0 packed-cut.pcap
  local u=ftp://labuser:labpass@192.0.2.21/photo.bin n=/dev/null
  curled --disable-epsv "$u" -o $n "$u" -o $n "$u" -o $n "$u"
  captured
}
damaged_packed_cut() {
  local whole=$work/out/packed-cut.pcap tool
  for tool in gzip bzip2 xz zstd lz4; do
    "$tool" -1 -q -c "$whole" >"$work/packed"
    head -c $(($(stat -c %s "$work/packed") * 7 / 10)) "$work/packed" >"$work/out/packed-cut.$tool"
    "$tool" -q -dc <"$work/out/packed-cut.$tool" >"$work/unpacked" 2>/dev/null || true
    printf '%s %s %s\n' "packed-cut.$tool" "$(stat -c %s "$work/unpacked")" "$(tcpdump -nr "$work/unpacked" 2>/dev/null | wc -l)"
  done >"$work/out/packed-cut.txt"
  rm "$whole"
}
