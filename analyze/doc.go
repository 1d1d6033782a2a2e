// Package analyze is the pipeline: it takes a capture's packets and makes FTP sessions of
// them.
//
//  1. A Source gives packets in batches, views into its buffers.
//  2. decode.Decoder makes each a flow.Segment, or says why not. Tags and tunnels that it was
//     in are its network.
//  3. tcp.Shard tells by the pair of hosts which tcp.Table the segment belongs to. There are
//     always tcp.Shards of them; workers share them out, so their number changes nothing.
//  4. The table finds the segment's connection. One that may be a control connection
//     (shard.Classify) is put in order for its control.Conversation; of the others the bytes
//     are counted.
//  5. What shards learn (a connection opened, closed; an endpoint was announced) goes to the
//     one match.Matcher in the order of the packets that it came from: at once with one
//     worker, else put back in order after each batch (parallel.go).
//  6. The Matcher makes a session of each conversation and the connections that met its
//     expectations.
//  7. Sessions are numbered in the order of their first packet (order.go).
//  8. finding.Stream finds what is wrong with them, each with its neighbours in time in view,
//     and verdict.Bench says why and where to look.
//  9. They are given to the caller's Records, then attempts, orphans and the summary.
//
// Time is the packets' own. Every tickEvery packets all shards and the Matcher are told
// it, so that what waits too long is given up at the same place in every run.
// ARCHITECTURE.md draws this way and the rooms where things wait.
//
// What data connections carry is only counted. Who wants it (Options.Follow: package
// extract) has had a first pass tell which connections those are; in the second the table
// gives their bytes in order, and before step 7 the sessions are completed. Compare
// analyzes both captures as above and reads them again for the segments of the sessions'
// connections.
package analyze
