package control

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// heardHalf is a Conversation of which the capture has a side only.
func heardHalf(dir flow.Direction) *heard {
	h := hear(true, 21)
	conn := h.ended()
	conn.Numbers = 1
	conn.Half[dir^1].Packets = 0
	return &heard{New(conn, h.opt), h.at}
}

// finishHalf ends it, and keeps what is needed to join it.
func (h *heard) finishHalf(dir flow.Direction) *Transcript {
	conn := h.ended()
	conn.Half[dir^1].Packets = 0
	return h.Finish(conn)
}

// Two halves of a conversation, each seen by itself, read as the conversation does.
func TestJoined(t *testing.T) {
	for _, d := range dialogues {
		if strings.Contains(strings.Join(d.lines, "\n"), "?") || d.port != 21 {
			continue // what is lost, or may be no FTP, is in no half
		}
		t.Run(d.name, func(t *testing.T) {
			whole, client, server := hear(true, 21), heardHalf(flow.Out), heardHalf(flow.In)
			for _, line := range d.lines {
				whole.say(line)
				client.at, server.at = whole.at, whole.at
				of := client
				if line[0] == 'S' {
					of = server
				}
				of.at.Time, of.at.Ord, of.at.Pos = of.at.Time-1, of.at.Ord-1, of.at.Pos-1
				of.say(line)
			}
			conn, opt := whole.ended(), whole.opt
			asked, replied := client.finishHalf(flow.Out), server.finishHalf(flow.In)
			if asked == nil || replied == nil {
				t.Skip("a side alone is no FTP")
			}
			require.Equal(t, whole.finish(), comparable(Joined(&Transcript{Half: asked.Half}, &Transcript{Half: replied.Half}, conn, opt)))
		})
	}
}

func TestHalf(t *testing.T) {
	conn := func(numbers uint64, out, in uint64) *flow.Conn {
		c := &flow.Conn{Numbers: numbers}
		c.Half[flow.Out].Packets, c.Half[flow.In].Packets = out, in
		return c
	}
	require.Nil(t, newHalf(conn(0, 3, 0)), "the capture lacks its beginning")
	require.Nil(t, newHalf(conn(1, 3, 2)), "it has both")
	require.Equal(t, flow.Out, newHalf(conn(1, 3, 0)).dir)
	require.Equal(t, flow.In, newHalf(conn(1, 0, 2)).dir)

	shard := 0
	b := &budget{shard: &shard}
	h := &Half{dir: flow.Out}
	h.hear([]byte("USER bob\r\n"), flow.Mark{Ord: 1}, b)
	require.False(t, h.isAlone(), "the other side may be late")
	h.hear([]byte("PASS x\r\n"), flow.Mark{Ord: 2}, b)
	require.True(t, h.isAlone())
	require.Equal(t, 18+2*pieceSize, shard)

	h.hear(make([]byte, maxHalf), flow.Mark{Ord: 3}, b)
	require.True(t, h.Lost, "too much: it is not kept")
	require.Empty(t, h.Pieces)
	require.True(t, h.isAlone(), "that stays known")
	require.Zero(t, shard)
	h.hear([]byte("NOOP\r\n"), flow.Mark{Ord: 4}, b)
	require.Empty(t, h.Pieces)

	alone := func(h *Half, client, server bool) *Transcript {
		x := &Transcript{Half: h}
		x.Capture.ClientSide, x.Capture.ServerSide = client, server
		return x
	}
	require.True(t, alone(&Half{}, true, false).IsHalf())
	require.False(t, alone(&Half{}, true, true).IsHalf(), "the other side came")
	require.False(t, alone(&Half{Lost: true}, true, false).IsHalf())
	require.False(t, alone(nil, true, false).IsHalf())
}

// What comes of the other side, or is lost, ends a half.
func TestHalfEnds(t *testing.T) {
	h := heardHalf(flow.Out)
	h.say("C: USER bob")
	require.NotNil(t, h.half)
	held := h.opt.held
	h.say("S: 220 late")
	require.Nil(t, h.half)
	require.Less(t, h.opt.held, held)

	h = heardHalf(flow.Out)
	h.say("C: USER bob")
	h.say("C? xx")
	require.True(t, h.half.Lost)
	h.say("C: PASS x")
	h.say("C: PASV")
	require.True(t, h.expectsHosts, "its data connections may come all the same")
}
