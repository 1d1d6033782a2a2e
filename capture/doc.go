// Package capture takes packets out of captures: pcap, pcapng or snoop, plain or compressed, one file or many that are read
// as one capture in time order. It knows nothing of what a packet holds: capture/decode, the next step, turns
// packets into segments.
//
// The way of a file's bytes:
//
//	args ─ find (files.go) → list of files, ordered by first packet
//	file ─ capture/buffer (large reads) ─ [capture/unpack ─ capture/buffer] ─ capture/pcapfile → batch of packets
//	batches of the files whose times overlap ─ merge (merge.go) → Next
//
// Decompression may go on ahead in goroutines (capture/buffer). Plain files are read where their packets are needed: to
// hand the bytes to another processor costs more than read(2) does. Files that others still write are found and read by
// capture/tail, and merged as the others are (follow.go).
//
// Packets are views into the buffers: nothing is copied and nothing allocated for a packet.
package capture
