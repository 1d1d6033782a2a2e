// Package tcp turns segments into connections: it keeps the open ones in a table, tells who opened them, gives the
// bytes of control connections in order to their reader, counts what the others carry by their sequence numbers, and
// reports each connection when it ends. It knows no FTP: whether a connection may be a control connection is a
// predicate that it is given. Its facts go to analyze/session.
package tcp

import "ftpscope/capture/flow"

// Limits. All are per Table; an analysis runs Lanes of them, so the sums are what counts.
const (
	// Lanes is how many tables share the work. Connections belong to a lane by their pair of hosts, whatever the
	// number of workers, so limits strike the same connections in every run.
	Lanes = 16
	// maxConns bounds the table: 1 Mi connections over all lanes, about 350 MB.
	maxConns = 1 << 20 / Lanes
	// maxControls bounds the control connections among them, about 6 KB each with what their readers hold: a capture that
	// lost the ends of very many would hold them until they count as idle.
	maxControls = 1 << 17 / Lanes
	// maxHalfOpen bounds connections of which only a SYN, or no payload at all, was seen: scans and floods are of
	// that kind, and the oldest are reported and forgotten first.
	maxHalfOpen = 1 << 14 / Lanes
	// maxLinger bounds ended connections that wait for stragglers (retransmissions, reordered packets) which say nothing new, and
	// maxLacking, with them, those that lack something: 2 s of 8,000 connections a second in disorder.
	maxLinger  = 64
	maxLacking = 1024
	// maxHeld bounds out-of-order bytes held for one direction of a control connection, overhead included.
	maxHeld = 256 << 10
	// maxHeldAll bounds them over all control connections: 64 MiB over all lanes.
	maxHeldAll = 64 << 20 / Lanes
	// maxHeldData is maxHeld of a connection that is followed: a retransmission comes after the window that was under way,
	// which is some megabytes where the way is long and fast (Linux grows it to 6 MiB).
	maxHeldData = 8 << 20
	// maxHeldDataAll bounds them over all such connections: 256 MiB over all lanes, if there are gaps in all of them at a time.
	maxHeldDataAll = 256 << 20 / Lanes
	// maxHeldBegun and maxHeldBegunAll are the same where only the beginning is wanted: 16 MiB over all lanes.
	maxHeldBegun    = 64 << 10
	maxHeldBegunAll = 16 << 20 / Lanes
	// maxBegun bounds the connections whose beginning is followed at a time: 64 Ki over all lanes, 30 MB.
	maxBegun = 1 << 16 / Lanes
	// maxHoles bounds the gaps remembered in one direction of a connection; the oldest counts as lost for good.
	maxHoles = 64
	// maxGaps bounds the places for them over all connections: 32 MB over all lanes. Beyond it a direction that has gaps gets
	// no more places, and its oldest counts as lost.
	maxGaps = 1 << 22 / Lanes
	// maxBridge is the largest gap that counts among a connection's bytes. Beyond it the capture is in pieces, and
	// how often the sequence numbers wrapped between them nothing tells: see pieces.go.
	maxBridge = 16 << 20
	// maxBefore is how far before the first segment seen a reordered one may lie, when the capture started late.
	maxBefore = 1 << 20
)

// Times, by the packets' own clock.
const (
	// idleLimit ends connections that are silent for so long; control connections have none (files) or their own.
	idleLimit = 300 * flow.Second
	// gapWait is how long a gap that the receiver acknowledged waits for a reordered packet to fill it.
	gapWait = 2 * flow.Second
	// lossWait is the same for a gap that nobody acknowledged: the sender will repeat it.
	lossWait = 10 * flow.Second
	// synWait is how long a SYN waits for an answer or its own repetition, the longest pause before which is 64 s
	// (RFC 6298: the time-out doubles from 1 s).
	synWait = 75 * flow.Second
	// copyTime is how far the copies of a packet are apart, as SPAN ports show them in front of and behind a router. A host does not
	// repeat a SYN so soon (RFC 6298 section 2: after 1 s; no system after less than 200 ms).
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

// Sink receives what a table learns. The pointed-to values are valid only during the call.
type Sink interface {
	// Opened tells of a connection, at the latest at its first packet that is no SYN.
	Opened(c *flow.Conn)
	// Unanswered tells of a SYN that nothing followed; it was never opened.
	Unanswered(s *flow.LoneSYN)
	// Classify is asked about the first payload bytes of a connection; first is empty when the capture cut them off.
	Classify(c *flow.Conn, dir flow.Direction, first []byte) Class
	// Reader makes the reader of a connection that may be a control connection.
	Reader(c *flow.Conn) Reader
	// Closed tells of a connection's end, with its reader if it still has one.
	Closed(c *flow.Conn, r Reader)
}

// Reader reads a control connection: the bytes of each direction in order, and of both directions in an order that
// respects their acknowledgements (a reply never comes before the command that it acknowledges).
type Reader interface {
	// Data gives the next bytes of a direction, valid during the call; false means: not a control connection.
	Data(dir flow.Direction, b []byte, at flow.Mark) bool
	// Gap says that n bytes are missing there.
	Gap(dir flow.Direction, n uint64, at flow.Mark)
}

// Joiner is a Reader that hears of its connection's networks when packets in another one than before turn out to be of it.
type Joiner interface{ Joined(nets flow.Nets) }

// Follower reads connections whose data somebody wants: beside all else that is done with them, and without changing it.
type Follower interface {
	// Follow makes the reader of a connection at its first payload; nil: nobody wants it. The reader's directions are those
	// that c has then, and it is given each of them in order, whatever the other one does.
	Follow(c *flow.Conn) Reader
	// Followed tells of the connection's end, if the reader did not refuse it before; the Sink hears of it next.
	Followed(c *flow.Conn, r Reader)
}

// Teller is a followed connection's Reader that tells who sent what the connection carried.
type Teller interface{ Sent() flow.Sent }

// Stats counts what limits cost.
type Stats struct {
	Evicted uint64 // connections forgotten because the table was full
}
