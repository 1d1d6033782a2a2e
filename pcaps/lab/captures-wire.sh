# Captures: what the wire and the capturing do to the packets. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154,SC2034

cap_loss_and_reordering() {
  relayed lossy
  vsftpd
  capture "$MID" m1 loss-and-reordering.pcap
  raw loss-and-reordering "$work/files"
  captured
}

cap_vlan_tagged() {
  relayed vlan
  vsftpd
  capture "$MID" t0 vlan-tagged.pcap
  raw both-ways
  captured
}

cap_qinq() {
  relayed qinq
  vsftpd
  capture "$MID" t0 qinq.pcap
  raw both-ways
  captured
}

cap_cooked_any() {
  flat
  vsftpd
  capture "$CLI" any cooked-any.pcap -y LINUX_SLL2
  raw both-ways
  captured
}

cap_cooked_sll() {
  flat
  vsftpd
  capture "$SRV" any cooked-sll.pcap -y LINUX_SLL
  raw both-ways
  captured
}

cap_loopback() {
  flat
  vsftpd
  capture "$SRV" lo loopback.pcap -B 32768 -s 65535
  in_srv timeout 20 "$python" "$lab/scenarios.py" loopback
  captured
}

cap_rotated() {
  flat
  vsftpd
  capture "$CLI" c0 whole.tmp
  raw mixed-modes "$work/files"
  captured
  local packets part=0 f
  packets=$(tshark -r "$work/out/whole.tmp" 2>/dev/null | wc -l)
  editcap -F pcap -c $((packets / 3 + 1)) "$work/out/whole.tmp" "$work/out/part.tmp"
  rm "$work/out/whole.tmp"
  for f in "$work"/out/part*; do
    part=$((part + 1))
    mv "$f" "$work/out/rotated-$part.pcap"
  done
}

cap_snaplen_96() {
  flat
  vsftpd
  capture "$CLI" c0 snaplen-96.pcap -s 96
  raw active-only "$work/files"
  captured
}

# Offloads left on here: segments far above the MSS and checksums not yet filled in, as a capture on the sending host shows them.
cap_offload_large_segments() {
  OFFLOADS=on flat
  proftpd
  capture "$SRV" s0 offload-large-segments.pcap -B 32768 -s 65535
  in_cli curl -sS --max-time 20 --disable-epsv -o /dev/null "$url/photo.bin" -o /dev/null "$url/photo.bin"
  captured
  zstd -q -19 --rm "$work/out/offload-large-segments.pcap"
}

cap_one_byte_segments() {
  flat
  vsftpd
  capture "$CLI" c0 one-byte-segments.pcap
  raw one-byte-segments
  captured
  gzip -9n "$work/out/one-byte-segments.pcap"
}

cap_pipelined() {
  flat
  vsftpd
  capture "$CLI" c0 pipelined.pcap
  raw pipelined
  captured
}
