// Package analyze is the pipeline: it takes a capture's packets and makes FTP sessions of them. A packet's way:
//
//  1. capture.Capture gives packets in batches, views into its buffers.
//  2. decode.Decoder makes each a flow.Segment, or says why not.
//  3. tcp.Lane tells by the pair of hosts which tcp.Table the segment belongs to. There are always tcp.Lanes of them,
//     each a world of its own; workers share the lanes out, so their number changes nothing in any of them.
//  4. The table finds the segment's connection. A connection that may be a control connection (lane.Classify) is
//     put in order for its session.Fold; of the others the bytes are counted.
//  5. What the lanes learn (a connection opened, closed; a control connection offers an endpoint) goes to the one
//     session.Matcher in the order of the packets that it came from: at once with one worker, else put back in
//     order after each batch (join.go).
//  6. The Matcher makes a session of each control connection and the connections that met its offers.
//  7. Sessions are numbered in the order of their first packet (order.go).
//  8. finding.Stream judges them, each with its neighbours in time in view.
//  9. They are given to the caller's Records, then attempts, orphans and the summary.
//
// Time is the packets' own. Every tickEvery packets all lanes and the Matcher are told it, so that what waits too long
// is given up at the same place in every run.
package analyze
