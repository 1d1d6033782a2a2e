package control

import "ftpscope/capture/flow"

// A Half is what one side of a control connection said, where the capture has that side
// only: on a NAT the other side's packets may have other addresses, and are another
// connection of the capture. It is kept as it was said, so that the two can be read as one
// conversation.
type Half struct {
	Pieces []Piece
	Lost   bool // something of it is missing, or was too much
	dir    flow.Direction
	size   int
	heard  int // how often the side spoke
}

// Piece is some bytes of a side, with the packet that brought them.
type Piece struct {
	Bytes []byte
	At    flow.Mark
}

// maxHalf bounds the bytes that are kept of a half; a longer one is not kept.
const maxHalf = 64 << 10

// pieceSize is what a piece takes besides its bytes, about.
const pieceSize = 64

// newHalf begins to keep what is said, if the capture has one side of conn so far; nil: it
// has both, or not its beginning.
func newHalf(conn *flow.Conn) *Half {
	switch {
	case conn.Numbers == 0:
	case conn.Half[flow.In].Packets == 0:
		return &Half{dir: flow.Out}
	case conn.Half[flow.Out].Packets == 0:
		return &Half{dir: flow.In}
	}
	return nil
}

// hear keeps the next bytes of the side, and gives up when it gets too much.
func (h *Half) hear(data []byte, at flow.Mark, b *budget) {
	h.heard++
	switch {
	case h.Lost:
	case h.size+len(data) > maxHalf || !b.reserve(pieceSize+len(data)):
		h.lose(b)
	default:
		h.Pieces = append(h.Pieces, Piece{append([]byte(nil), data...), at})
		h.size += len(data)
	}
}

// lose gives up what was kept.
func (h *Half) lose(b *budget) {
	b.release(len(h.Pieces)*pieceSize + h.size)
	*h = Half{dir: h.dir, Lost: true, heard: h.heard}
}

// isAlone reports whether the other side's answers are missing, and not only late: FTP
// takes turns, so that a side that spoke twice without any is alone in the capture.
func (h *Half) isAlone() bool { return h.heard > 1 }

// IsHalf reports whether the transcript is of a side only, and can be joined with the other.
func (t *Transcript) IsHalf() bool {
	return t.Half != nil && !t.Half.Lost && t.Capture.ClientSide != t.Capture.ServerSide
}

// Joined reads two halves of one control connection as one conversation: what the client
// said, with the client's address as its own side has it, and what the server replied. conn
// is the connection of both. It is nil if that is no session.
func Joined(client, server *Transcript, conn *flow.Conn, opt *Options) *Transcript {
	c := New(conn, opt)
	asked, replied := client.Half.Pieces, server.Half.Pieces
	dir := client.ClientSide
	for len(asked)+len(replied) > 0 {
		from, list := dir, &asked
		if len(asked) == 0 || len(replied) > 0 && replied[0].At.Ord < asked[0].At.Ord {
			from, list = dir^1, &replied
		}
		p := (*list)[0]
		*list = (*list)[1:]
		if !c.Data(from, p.Bytes, p.At) {
			break
		}
	}
	return c.Finish(conn)
}
