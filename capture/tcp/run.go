package tcp

import "ftpscope/capture/flow"

// runOfB marks a run of conn.b's: the other bits of conn.tries are its bytes, at most flow.MaxRun. It serves twice, for what
// every packet touches fills whole cache lines.
const runOfB = flow.MaxRun + 1

// say counts n new bytes of payload that a side sent into its run: what it has sent since the other side last did. What a
// side sends after the other's FIN only answers that.
func (c *conn) say(dir flow.Direction, n uint32) {
	if c.what&counted == 0 || c.half[dir^1].is&finished != 0 {
		return
	}
	side := uint8(dir) * runOfB
	run := uint32(c.tries & flow.MaxRun)
	if c.tries&runOfB != side {
		run = 0
	}
	c.tries = side | uint8(min(run+min(n, flow.MaxRun), flow.MaxRun))
}
