// Package analyze is the pipeline: it takes a capture's packets and makes FTP sessions of them. A packet's way:
//
//  1. capture.Capture gives packets in batches, views into its buffers.
//  2. decode.Decoder makes each a flow.Segment, or says why not. Tags and tunnels that it was in are its network.
//  3. tcp.Shard tells by the pair of hosts which tcp.Table the segment belongs to. There are always tcp.Shards of them,
//     each a world of its own; workers share the shards out, so their number changes nothing in any of them.
//  4. The table finds the segment's connection: of its network, or, if sequence numbers prove it, of another. A
//     connection that may be a control connection (shard.Classify) is put in order for its control.Conversation; of the
//     others the bytes are counted.
//  5. What the shards learn (a connection opened, closed; a control connection offers an endpoint) goes to the one
//     match.Matcher in the order of the packets that it came from: at once with one worker, else put back in
//     order after each batch (parallel.go).
//  6. The Matcher makes a session of each control connection and the connections that met its offers, of its network.
//  7. Sessions are numbered in the order of their first packet (order.go).
//  8. finding.Stream judges them, each with its neighbours in time in view.
//  9. They are given to the caller's Records, then attempts, orphans and the summary.
//
// What data connections carry is only counted. Who wants it (Options.Follow: package extract) has had a first pass tell which
// connections those are; in the second the table gives their bytes in order, and before step 7 the sessions are completed.
//
// Time is the packets' own. Every tickEvery packets all shards and the Matcher are told it, so that what waits too long
// is given up at the same place in every run.
//
// # Two points of capture
//
// Compare takes the captures of two points. Each is analyzed as above; then it is read again, and the segments of the
// sessions' connections, no more than compare.MaxSegs of them, become the facts of a compare.Side (points_trace.go). Where one
// side has SYNs that the other side's sessions have not, that is read once more, for those whatever their ends are. What both
// Sides show together is compare.Compare's.
//
// # Carving
//
// Package carve gathers the connections of chosen sessions into a carve.Plan while steps 1 to 9 are done, and package pick
// reads the captures again for their packets. To rewrite them (capture/rewrite) they are read once more before: what a
// control connection says is put in order, its lines are found (ftp.Locator) with the passwords and addresses in them, and
// only the edits are kept, by their places in the stream. A packet is then rewritten by itself: its numbers, and its text by
// the places of its two ends, so that it makes no difference how segments cut the text, repeat it or come in disorder.
//
// # What more cores bring
//
// With several workers the steps are a line of three: one goroutine does steps 1 and 2 and copies the packets for the
// workers, they do 3 and 4, and one does 5 to 9. The line is as fast as its slowest place. By profiles with 2 workers
// on 2 cores (AMD EPYC, Go 1.26), in processor time a packet:
//
//	                        mix (2 % FTP)   chatty (all FTP, 4,000 sessions at a time)
//	read, decode, copy      51 + 24 + 33    50 + 22 + 49 ns   one goroutine
//	track                   59              445               shared by the workers
//	join, judge, write      3               258               one goroutine
//	collect garbage         1               130               any core that is free
//	without workers         142             870               in all
//
// So by Amdahl mix gains at most 142 / 108, × 1.3, and chatty 870 / 258, × 3.4 (the reader alone would let it have × 7):
// two workers are enough for either, and of 16 cores or of 64 the rest is idle. More than tcp.Shards workers never have
// work, nor more than one where all traffic is between two hosts; and each looks at every segment's shard, 5 ns.
//
// Measured on the 2 cores, which all places share: mix (1 GB) 0.29 s without workers and 0.36 s with 2, which the copies
// cost and 35 MB of batches; 300 MB of chatty 1.08 s and 0.97 s. Memory bandwidth is not the limit: the kernel's copy
// and ours move a byte four times, 22 GB/s at the bound of mix, and what is under way fits a third-level cache. What
// would move the bounds: no copy of payload that is only counted (mix × 1.9), a reader for each file of a rotated set,
// findings and output in goroutines of their own behind the join (chatty).
package analyze
