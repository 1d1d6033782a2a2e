package flow

// What TCP did on a connection: acknowledgements, repetitions, windows and waits.

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
