package flow

// What TCP did on a connection: acknowledgements, repetitions, windows and waits.

// Course is what TCP did on a connection while it was established.
type Course struct {
	Shake  Time // from the SYN to the ACK of its answer; 0: not known
	Stall  Stall
	Waited [Whys]Time // how long it stalled in all, by the reason
	Side   [2]Side    // by Direction
}

// Side is what became of the data that one side sent.
type Side struct {
	Acked      uint64 // payload bytes that the other side acknowledged
	Again      uint64 // segments that were sent again
	AgainBytes uint64 // payload bytes in them
	RTT        Time   // smoothed, from data to their acknowledgement; 0: not known
	ZeroWindow Time   // how long the window that this side offers was 0
	Window     uint32 // the largest that it offered
	Largest    uint32 // payload bytes of its largest segment
	Passed     uint32 // of the largest that was acknowledged
	Stuck      uint32 // of the segment that was sent again and again and never acknowledged; 0: none
	Repeats    uint32 // how often
	AckSeen    bool   // the capture holds acknowledgements
	Doubtful   bool   // there may have been more repetitions: copies of packets look alike
	Shrunk     bool   // smaller segments were sent in place of the stuck one
	Heeded     bool   // it sent again, in smaller segments, what had been too big
	Routed     bool   // copies of its packets had passed a router: the capture was taken on both sides of it
	TooBig     *ICMP  // a router's word that its packets were too big, of the smallest MTU; nil: none
	Curve      *Curve // nil: not asked for
}

// Open reports whether what the side sent was not all acknowledged, as far as is known.
func (s *Side) Open(sent uint64) bool { return s.AckSeen && s.Acked < sent }

// Why nothing new went over a connection for a while.
type Why uint8

// The values of longest_stall.why in a session's record.
const (
	WhyUnknown    Why = iota
	WhyZeroWindow     // the receiver's window was 0
	WhyLoss           // segments were sent again
	WhyMTU            // full-size segments were, while smaller ones are acknowledged
	WhySender         // all was acknowledged, and the sender sent nothing
	Whys
)

var whyNames = [Whys]string{"unknown", "zero-window", "loss", "mtu", "sender"}

// String is the name that the records use.
func (w Why) String() string { return whyNames[w] }

// Stall is a time in which nothing new was sent or acknowledged.
type Stall struct {
	From, To Time
	After    uint64 // payload bytes that were sent before
	Why      Why
}

// Lasted is how long it was.
func (s *Stall) Lasted() Time { return s.To - s.From }

// Limits of a Curve.
const (
	MaxCurvePoints = 64
	MaxCurveMarks  = 64
)

// Curve is how the payload of a connection's direction came, for a picture: at most
// MaxCurvePoints, in the order of time, and as many marks.
type Curve struct {
	Points []CurvePoint
	Marks  []CurveMark
}

// CurvePoint says how many payload bytes were sent, and how many acknowledged, up to a
// time.
type CurvePoint struct {
	At          Time
	Sent, Acked uint64
}

// CurveMark is something that held the connection up.
type CurveMark struct {
	Kind     CurveKind
	From, To Time
	After    uint64 // payload bytes that were sent before
	Count    int    // of segments sent again; those close to each other are one mark
}

// CurveKind is a kind of CurveMark.
type CurveKind uint8

// The kinds of CurveMark.
const (
	MarkStall      CurveKind = iota // nothing new for a while
	MarkAgain                       // segments were sent again
	MarkZeroWindow                  // the receiver's window was 0
)
