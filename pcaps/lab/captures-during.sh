# Captures: data connections that were opened and did not do well, and replies that nobody got. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

short=(-s 200) # whole lines of FTP, little of the data

# throttled: vsftpd that sends a chunk of 8 kB ten times a second.
throttled=(local_max_rate=80000 trans_chunk_size=8192)

# narrow: packets of more than 1300 bytes do not get through the router to $1 (m0, m1), and nobody is told.
narrow() { firewall "$MID" forward "oifname \"$1\" meta length > 1300 drop"; }

mtu_download() {
  routed
  narrow m0
  vsftpd "${passive_range[@]}"
  capture "$1" "$2" "$3.pcap" "${short[@]}"
  troubled patient-download
  captured
}

cap_mtu_download_client_side() { mtu_download "$CLI" c0 mtu-download-client-side; }
cap_mtu_download_server_side() { mtu_download "$SRV" s0 mtu-download-server-side; }

cap_mtu_upload() {
  routed
  narrow m1
  vsftpd "${passive_range[@]}"
  capture "$CLI" c0 mtu-upload.pcap "${short[@]}"
  troubled patient-upload "$work/files"
  captured
}

# The router says that packets are too big; the server's own firewall keeps that from it.
cap_mtu_icmp_ignored() {
  routed
  ip -n "$MID" link set m0 mtu 1300
  vsftpd "${passive_range[@]}"
  firewall "$SRV" input 'ip protocol icmp drop'
  capture "$SRV" s0 mtu-icmp-ignored.pcap "${short[@]}"
  troubled patient-download
  captured
}

cap_mtu_icmp_heeded() {
  routed
  ip -n "$MID" link set m0 mtu 1300
  vsftpd "${passive_range[@]}"
  capture "$SRV" s0 mtu-icmp-heeded.pcap "${short[@]}"
  troubled patient-download
  captured
}

cap_window_client_stopped() {
  flat
  vsftpd data_connection_timeout=6
  capture "$SRV" s0 window-client-stopped.pcap "${short[@]}"
  troubled reads-no-more
  captured
}

cap_window_server_stopped() {
  flat
  in_srv sysctl -qw net.ipv4.tcp_rmem='4096 16384 32768'
  vsftpd
  capture "$CLI" c0 window-server-stopped.pcap "${short[@]}"
  troubled uploads-slowly "$work/files" &
  local client=$!
  sleep 1.5
  stop_servers
  wait "$client" || true
  captured
  go_on_servers
}

# All of an upload's packets are lost after 20 kB; the client gives up.
cap_loss_upload() {
  routed
  vsftpd "${passive_range[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 quota over 20 kbytes drop'
  capture "$CLI" c0 loss-upload.pcap "${short[@]}"
  troubled patient-upload "$work/files"
  captured
}

cap_silent_server() {
  flat
  vsftpd "${throttled[@]}"
  capture "$CLI" c0 silent-server.pcap "${short[@]}"
  troubled patient-large-download &
  local client=$!
  sleep 0.8
  stop_servers
  wait "$client" || true
  captured
  go_on_servers
}

cap_silent_client() {
  flat
  vsftpd data_connection_timeout=5
  capture "$SRV" s0 silent-client.pcap "${short[@]}"
  troubled stops-uploading "$work/files"
  captured
}

cap_reset_by_client() {
  routed
  vsftpd "${passive_range[@]}" "${throttled[@]}"
  capture "$SRV" s0 reset-by-client.pcap "${short[@]}"
  troubled resets
  captured
}

cap_client_killed() {
  flat
  vsftpd "${throttled[@]}"
  capture "$SRV" s0 client-killed.pcap "${short[@]}"
  ip netns exec "$CLI" curl -sS -o /dev/null "$url/large.bin" &
  local client=$!
  sleep 0.8
  kill -9 "$client"
  wait "$client" 2>/dev/null || true
  captured 1
}

cap_server_killed() {
  flat
  vsftpd "${throttled[@]}"
  capture "$CLI" c0 server-killed.pcap "${short[@]}"
  curled "$url/large.bin" &
  local client=$!
  sleep 0.8
  # shellcheck disable=SC2046
  kill -9 $(server_pids vsftpd)
  wait "$client" || true
  captured
}

# The firewall resets the client in the server's name.
cap_reset_between() {
  routed
  vsftpd "${passive_range[@]}" "${throttled[@]}"
  firewall "$MID" forward 'tcp dport 50000-50100 quota over 1 kbytes reject with tcp reset'
  capture "$CLI" c0 reset-between.pcap "${short[@]}"
  curled --disable-epsv ftp://labuser:labpass@192.168.50.2/large.bin
  captured
}

cap_ascii_upload() {
  flat
  vsftpd
  capture "$CLI" c0 ascii-upload.pcap
  troubled ascii-upload "$work/files"
  captured
}

# The client closes the data connection and the server takes long to say so: by then the client has left.
cap_reply_missed() {
  flat
  vsftpd
  capture "$CLI" c0 reply-missed.pcap "${short[@]}"
  troubled leaves-before-226 "$work/files" &
  local client=$!
  sleep 1.5
  stop_servers
  wait "$client" || true
  go_on_servers
  captured 1
}

# As control-lost-silence, seen at the server: it repeats its 226, and nobody acknowledges.
cap_control_lost_server_side() {
  routed
  firewall "$MID" forward 'ct state invalid drop' 'ct state established accept' 'tcp dport { 21, 50000-50100 } ct state new accept' 'drop'
  forgetful 4
  vsftpd "${passive_range[@]}" local_max_rate=4000 trans_chunk_size=4000
  capture "$SRV" s0 control-lost-server-side.pcap "${short[@]}"
  PATIENCE=60 failing control-lost-silence
  captured
}

cap_stor_553() {
  flat
  vsftpd write_enable=YES
  chmod 555 "$work/home/labuser/docs"
  capture "$CLI" c0 stor-553.pcap
  troubled denied-upload "$work/files"
  captured
}

# full COMMAND…: a server whose disk has 16 kB.
full() {
  local serve_as
  serve_as=$(declare -f serve)
  eval "${serve_as/exec \"\$@\"/mount -t tmpfs -o size=16k,uid=2002,gid=2002 tmpfs $work/home/labuser; exec \"\$@\"}"
  "$@"
  eval "$serve_as"
}

cap_disk_full_vsftpd() {
  flat
  full vsftpd
  capture "$CLI" c0 disk-full-vsftpd.pcap "${short[@]}"
  troubled patient-upload-flat "$work/files"
  captured
}

cap_disk_full_proftpd() {
  flat
  full proftpd
  capture "$CLI" c0 disk-full-proftpd.pcap "${short[@]}"
  troubled patient-upload-flat "$work/files"
  captured
}

cap_slow_server() {
  flat
  vsftpd local_max_rate=2500 trans_chunk_size=4096
  capture "$CLI" c0 slow-server.pcap "${short[@]}"
  in_cli curl -sS --max-time 24 --disable-epsv -o /dev/null "$url/photo.bin"
  captured
}

cap_slow_reader() {
  flat
  vsftpd
  capture "$SRV" s0 slow-reader.pcap "${short[@]}"
  troubled reads-slowly
  captured
}

cap_slow_loss() {
  routed
  vsftpd "${passive_range[@]}"
  firewall "$MID" forward 'tcp sport 50000-50100 meta length > 200 numgen random mod 100 < 55 drop'
  capture "$CLI" c0 slow-loss.pcap "${short[@]}"
  troubled patient-download-long
  captured
}

# A narrow wire: 5 kB a second, nothing lost.
cap_slow_wire() {
  routed
  ip netns exec "$MID" tc qdisc add dev m0 root tbf rate 40kbit burst 1600 limit 60000
  vsftpd "${passive_range[@]}"
  capture "$CLI" c0 slow-wire.pcap "${short[@]}"
  troubled patient-download-long
  captured
}

cap_closed_early() {
  flat
  vsftpd "${throttled[@]}"
  capture "$CLI" c0 closed-early.pcap "${short[@]}"
  troubled closes-early
  captured
}
