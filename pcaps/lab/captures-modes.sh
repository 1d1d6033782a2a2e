# Captures: which mode, who opens. One function a capture: cap_NAME with _ for -. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

url='ftp://labuser:labpass@192.0.2.21'
url6='ftp://labuser:labpass@[2001:db8::21]'
lftp_set='set net:timeout 8; set net:max-retries 2; set ftp:ssl-allow no; set cmd:interactive no'
quiet=(curl -sS --max-time 20)

raw() { in_cli "$python" "$lab/scenarios.py" "$@"; }

cap_active_port() {
  flat
  vsftpd
  capture "$CLI" c0 active-port.pcap
  local active=(-sS --max-time 20 --disable-eprt -P 192.0.2.10)
  in_cli curl "${active[@]}" -o /dev/null "$url"/photo.bin -o /dev/null "$url"/readme.txt --next "${active[@]}" -l -o /dev/null "$url"/
  captured
}

cap_active_eprt_ipv6() {
  flat6
  vsftpd listen=NO listen_ipv6=YES
  capture "$CLI" c0 active-eprt-ipv6.pcap
  in_cli lftp -u labuser,labpass -e "$lftp_set; set ftp:passive-mode no; get photo.bin -o $work/got1; put $work/files/up.bin; quit" '[2001:db8::21]'
  captured
}

cap_active_high_port() {
  flat
  vsftpd connect_from_port_20=NO
  capture "$SRV" s0 active-high-port.pcap
  printf 'open 192.0.2.21\nuser labuser labpass\nbinary\nget photo.bin /dev/null\nput %s/up.txt up.txt\nquit\n' "$work/files" |
    in_cli tnftp -A -n
  captured
}

cap_passive_pasv() {
  flat
  pureftpd
  capture "$CLI" c0 passive-pasv.pcap
  in_cli lftp -u labuser,labpass -e "$lftp_set; set ftp:prefer-epsv no; cd docs; get readme.txt -o $work/got1; ls; quit" 192.0.2.21 >/dev/null
  captured
}

cap_passive_epsv() {
  flat
  proftpd
  capture "$CLI" c0 passive-epsv.pcap
  in_cli "${quiet[@]}" -o /dev/null "$url"/photo.bin -o /dev/null "$url"/docs/
  captured
}

cap_passive_epsv_ipv6() {
  flat6
  vsftpd listen=NO listen_ipv6=YES
  capture "$CLI" c0 passive-epsv-ipv6.pcapng.tmp
  in_cli "${quiet[@]}" -g -o /dev/null "$url6/photo.bin" -o /dev/null "$url6/readme.txt"
  captured
  as_pcapng passive-epsv-ipv6
}

# as_pcapng NAME turns the finished NAME.pcapng.tmp into a pcapng: tcpdump writes only pcap.
as_pcapng() {
  editcap -F pcapng "$work/out/$1.pcapng.tmp" "$work/out/$1.pcapng"
  rm "$work/out/$1.pcapng.tmp"
}

cap_mixed_modes() {
  flat
  vsftpd
  capture "$CLI" c0 mixed-modes.pcapng.tmp
  raw mixed-modes "$work/files"
  captured
  as_pcapng mixed-modes
}

cap_default_data_port() {
  flat
  inetutils
  capture "$CLI" c0 default-data-port.pcap
  raw default-data-port
  captured
}
