package record

import "ftpscope/capture/flow"

// TCP is how a connection did: of a data connection in the direction of its data, of a control connection in both. What
// is nil the capture does not tell.
type TCP struct {
	Duration     flow.Time
	Rate         *float64 // payload bytes a second
	Acknowledged *uint64  // payload bytes that the receiver acknowledged
	Again        *Again
	RTTHandshake *flow.Time
	RTT          *flow.Time // smoothed, from data to their acknowledgement at the place of capture
	ZeroWindow   *flow.Time // how long the receiver's window was 0
	Stall        *Stall     // the longest; nil: there was none, too
	Limit        string     // LimitSender, …; empty: not known
}

// Again is what was sent more than once.
type Again struct{ Segments, Bytes uint64 }

// Stall is a time in which nothing new was sent or acknowledged.
type Stall struct {
	From, To Stamp
	After    uint64 // payload bytes that were sent before
	Why      string // as flow.Why says
}

// Lasted is how long it was.
func (s *Stall) Lasted() flow.Time { return s.To.Time - s.From.Time }

// Values of TCP.Limit: what held the rate back.
const (
	LimitSender = "sender"          // the sending program
	LimitWindow = "receiver-window" // the receiving program, or a window too small for the way
	LimitLoss   = "loss"
	LimitPath   = "path"  // its bandwidth
	LimitShort  = "short" // it carried too little to say
)

// Limits are the values of TCP.Limit with their meanings.
var Limits = []Meaning{
	{LimitSender, "the sending program"},
	{LimitWindow, "the receiving program, or a window too small for the way"},
	{LimitLoss, "segments that had to be sent again"},
	{LimitPath, "the bandwidth of the way"},
	{LimitShort, "too little was sent to say"},
}
