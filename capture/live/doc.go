// Package live takes packets off network interfaces as they come, as package capture takes them out of files;
// capture/decode is the next step for both.
//
//	interface ─ filter (kernelfilter.go, in the kernel) ─ ring of blocks in shared memory (ring_linux.go) → batch of packets
//	batches of several interfaces, or of several rings of one ─ merge (merge.go) → Next
//
// On Linux the rings are AF_PACKET's TPACKET_V3, without cgo. Packets are views into them: nothing is copied or allocated
// for a packet, and the kernel gets a block back when all of its packets were seen. Elsewhere, and on Linux with the
// build tag libpcap, libpcap (or Npcap) does the work.
package live
