// Package tcp turns segments into connections: it keeps the open ones in a table until
// they end.
//
// It tells who opened them, has package reassembly give the bytes of control connections
// in order to their readers, counts what the others carry by their sequence numbers, and
// reports each connection when it ends. It knows no FTP: its Sink says whether a
// connection may be a control connection. Package analyze passes its facts on to the
// sessions.
package tcp

import (
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp/reassembly"
)

// Limits. All are per Table; an analysis runs Shards of them, so the sums are what
// counts.
const (
	// Shards is how many tables share the work. Connections belong to a shard by their
	// pair of hosts, whatever the number of workers, so limits strike the same
	// connections in every run.
	Shards = 16
	// maxConns bounds the table: 1 Mi connections over all shards, about 350 MB.
	maxConns = 1 << 20 / Shards
	// maxControls bounds the control connections among them, about 6 KB each with what
	// their readers hold: a capture that lost the ends of very many would hold them until
	// they count as idle.
	maxControls = 1 << 17 / Shards
	// maxHalfOpen bounds connections of which only a SYN, or no payload at all, was seen:
	// scans and floods are of that kind, and the oldest are reported and forgotten first.
	maxHalfOpen = 1 << 14 / Shards
	// maxLinger bounds ended connections that wait for stragglers (retransmissions,
	// reordered packets) which say nothing new, and maxLacking, with them, those that
	// lack something: 2 s of 8,000 connections a second in disorder.
	maxLinger  = 64
	maxLacking = 1024
	// maxHeld bounds out-of-order bytes held for one direction of a control connection,
	// overhead included.
	maxHeld = 256 << 10
	// maxHeldAll bounds them over all control connections: 64 MiB over all shards.
	maxHeldAll = 64 << 20 / Shards
	// maxHeldData is maxHeld of a connection that is followed: a retransmission comes
	// after the window that was under way, which is some megabytes where the way is long
	// and fast (Linux grows it to 6 MiB).
	maxHeldData = 8 << 20
	// maxHeldDataAll bounds them over all such connections: 256 MiB over all shards, if
	// there are gaps in all of them at a time.
	maxHeldDataAll = 256 << 20 / Shards
	// maxHeldBegun and maxHeldBegunAll are the same where only the lengths of TLS records
	// are wanted: 64 MiB over all shards.
	maxHeldBegun    = 1 << 20
	maxHeldBegunAll = 64 << 20 / Shards
	// maxBegun bounds the connections whose beginning is followed at a time: 64 Ki over
	// all shards, 60 MB.
	maxBegun = 1 << 16 / Shards
	// maxWatched bounds the connections of which it is noted what TCP did: 64 Ki over all
	// shards, 23 MB.
	maxWatched = 1 << 16 / Shards
	// maxGapsAll bounds the gaps that there is memory for over all connections: 32 MB
	// over all shards. Beyond it a direction that has gaps gets no more memory, and its
	// oldest counts as lost.
	maxGapsAll = 1 << 22 / Shards
	// maxBridge is the largest gap that counts among a connection's bytes. Beyond it the
	// capture is in pieces, and how often the sequence numbers wrapped between them
	// nothing tells: see gaps.breakUp.
	maxBridge = 16 << 20
	// maxBefore is how far before the first segment seen a SYN may lie that it overtook, when
	// the capture started late.
	maxBefore = 1 << 20
)

// Times, by the packets' own clock.
const (
	// idleLimit ends connections that are silent for so long; control connections have
	// none (files) or their own.
	idleLimit = 300 * flow.Second
	// synWait is how long a SYN waits for an answer or its own repetition, the longest
	// pause before which is 64 s (RFC 6298: the time-out doubles from 1 s).
	synWait = 75 * flow.Second
	// copyTime is how far the copies of a packet are apart, as SPAN ports show them in
	// front of and behind a router. A host does not repeat a SYN so soon (RFC 6298
	// section 2: after 1 s; no system after less than 200 ms).
	copyTime = 100 * flow.Millisecond
	// lingerTime is how long an ended connection waits for stragglers.
	lingerTime = 2 * flow.Second
)

// Class is what the predicate says of a connection's first bytes.
type Class uint8

const (
	Counted Class = iota // not a control connection: its bytes are only counted
	Control              // may be one: its bytes are wanted in order
)

// Sink receives what a table learns. The pointed-to values are valid only during the
// call.
type Sink interface {
	// Opened tells of a connection, at the latest at its first packet that is no SYN.
	Opened(c *flow.Conn)
	// Unanswered tells of a SYN that nothing followed; it was never opened.
	Unanswered(s *flow.LoneSYN)
	// Classify is asked about the first payload bytes of a connection; first is empty
	// when the capture cut them off.
	Classify(c *flow.Conn, dir flow.Direction, first []byte) Class
	// Reader makes the reader of a connection that may be a control connection.
	Reader(c *flow.Conn) Reader
	// Progress tells how a connection stands that has no reader, when Table.Progress is
	// called.
	Progress(c *flow.Conn)
	// Closed tells of the end of a connection that has no reader.
	Closed(c *flow.Conn)
}

// Reader reads a control connection: the bytes of each direction in order, and of both
// directions in an order that respects their acknowledgements (a reply never comes before
// the command that it acknowledges). Data returns false if it is no control connection;
// then it is the Sink that hears of its end.
type Reader interface {
	reassembly.Reader
	// SeenIn tells the connection's networks when packets in another one than before turn
	// out to be of it.
	SeenIn(nets flow.Nets)
	// Progress tells how the connection stands, when Table.Progress is called.
	Progress(c *flow.Conn)
	// Closed tells of the connection's end.
	Closed(c *flow.Conn)
}

// Warmer is a Reader that can look at what Data will, so that it is in the processor's
// caches; what it returns means nothing. See Batch.
type Warmer interface{ Warm() uint64 }

// Waiter is a Reader or a DataReader that may wait for something else than its connection,
// which is over: as long as it does, and there is room, it is not closed.
type Waiter interface{ Waits(now flow.Time) bool }

// Comparer is a reader that wants to hear of bytes that came twice, with two contents.
type Comparer = reassembly.Comparer

// Follower reads connections whose data somebody wants: beside all else that is done with
// them, and without changing it.
type Follower interface {
	// Follow makes the reader of a connection at its first payload; nil: nobody wants it.
	// The reader's directions are those that c has then, and it is given each of them in
	// order, whatever the other one does.
	Follow(c *flow.Conn) DataReader
	// ReadsAll reports whether readers want more than a connection's beginning.
	ReadsAll() bool
}

// DataReader reads a connection that is followed.
type DataReader interface {
	reassembly.Reader
	// Closed tells of the connection's end, if the reader did not refuse it before, and
	// returns what it made of it: who sent what it carried, in the reader's directions.
	// The Sink hears of the end next.
	Closed(c *flow.Conn) flow.Told
}

// Stats counts what a table has and what limits cost.
type Stats struct {
	Open      int    // connections, lone SYNs among them
	Controls  int    // control connections among them
	Evicted   uint64 // connections forgotten because the table was full
	Unwatched uint64 // connections of which it was no longer noted what TCP did
	Repeated  uint64 // packets that came again, of connections that came again
}
