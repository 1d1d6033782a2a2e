// Package capture takes packets out of capture files: pcap and pcapng, plain or compressed, one file or many that are
// read as one capture in time order. It knows nothing of what a packet holds: capture/decode, the next step, turns
// packets into segments.
//
// The way of a file's bytes:
//
//	args ─ find (files.go) → list of files, ordered by first packet
//	file ─ buffer (large reads) ─ [gzip, zstd ─ buffer] ─ pcap or pcapng → batch of packets
//	batches of the files whose times overlap ─ merge (capture.go) → Next
//
// Decompression may go on ahead in goroutines (ahead.go). Plain files are read where their packets are needed: to hand
// the bytes to another processor costs more than read(2) does.
//
// Packets are views into the buffers: nothing is copied and nothing allocated for a packet.
package capture
