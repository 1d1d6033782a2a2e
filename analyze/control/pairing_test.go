package control

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
)

// waiting makes commands that wait; transfers have a TransferCommand, negotiations a Negotiation.
func waiting(verbs ...ftp.Verb) pairing {
	var w pairing
	for _, v := range verbs {
		p := pending{verb: v, transfer: none, negotiation: none, dialogue: none}
		if v.IsTransfer() {
			p.transfer = 0
		}
		if v.IsNegotiation() {
			p.negotiation = 0
		}
		w.pending = append(w.pending, p)
	}
	return w
}

func TestMatchReply(t *testing.T) {
	began := func(w pairing) pairing { w.pending[0].began = true; return w }
	doubtful := func(w pairing, n int) pairing {
		for i := range n {
			w.pending[i].replyDoubtful = true
		}
		return w
	}
	for _, c := range []struct {
		name string
		w    pairing
		code int
		text string
		lost losses
		want int
	}{
		{"nothing waits", waiting(), 200, "", losses{}, none},
		{"in order", waiting(ftp.USER, ftp.PASS), 331, "", losses{}, 0},
		{"a code that only the second can have", waiting(ftp.TYPE, ftp.PASV), 227, "", losses{}, 1},
		{"a code that none has is the first's", waiting(ftp.TYPE, ftp.PASV), 257, "", losses{}, 0},
		{"a code that none has, after a loss", waiting(ftp.TYPE, ftp.PASV), 257, "", losses{lossy: true}, none},
		{"NOOP while a transfer runs", began(waiting(ftp.RETR, ftp.NOOP)), 200, "", losses{}, 1},
		{"NOOP while a transfer runs, an error", began(waiting(ftp.RETR, ftp.NOOP)), 500, "", losses{}, 1},
		{"the transfer ends before NOOP is answered", began(waiting(ftp.RETR, ftp.NOOP)), 226, "", losses{}, 0},
		{"NOOP before the transfer began", waiting(ftp.RETR, ftp.NOOP), 200, "", losses{}, 1},
		{"a NOOP that nobody saw", began(waiting(ftp.RETR)), 200, "", losses{lossy: true}, none},
		{"ABOR: the transfer first", began(waiting(ftp.RETR, ftp.ABOR)), 426, "", losses{}, 0},
		{"ABOR: answered alone", began(waiting(ftp.RETR, ftp.ABOR)), 226, "Abort successful", losses{}, 1},
		{"ABOR: 225", began(waiting(ftp.RETR, ftp.ABOR)), 225, "", losses{}, 1},
		{"ABOR after a transfer that nobody saw", waiting(ftp.ABOR), 426, "", losses{unseenRuns: true}, none},
		{"after a gap: the later command's", doubtful(waiting(ftp.TYPE, ftp.CWD), 1), 250, "", losses{lossy: true}, 1},
		{"after a gap: both in doubt", doubtful(waiting(ftp.TYPE, ftp.CWD), 2), 250, "", losses{lossy: true}, 1},
		{"after a gap: both in doubt, a line of 221-", doubtful(waiting(ftp.NLST, ftp.QUIT), 2), 530, "", losses{lossy: true}, 1},
		{"after a gap: both in doubt, what only the first can have", doubtful(waiting(ftp.NLST, ftp.QUIT), 2), 226, "", losses{lossy: true}, 0},
		{"ABOR of a transfer that nobody saw, behind what is in doubt", doubtful(waiting(ftp.EPSV, ftp.ABOR), 1), 426, "", losses{unseenRuns: true}, none},
		{"after a gap: none can have it", doubtful(waiting(ftp.CWD), 1), 331, "", losses{lossy: true}, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, c.w.matchReply(c.code, c.text, c.lost))
		})
	}
}

// A reply that may be to a command which nobody saw makes those after it uncertain.
func TestUncertain(t *testing.T) {
	w := waiting(ftp.CWD)
	require.True(t, w.believes(&pending{verb: ftp.CWD}, 250))
	w.replyOwed = true
	require.True(t, w.believes(&pending{verb: ftp.CWD}, 250), "nothing was sent since")
	w.onCommand(false)
	require.False(t, w.replyOwed)
	require.False(t, w.believes(&pending{verb: ftp.CWD}, 250), "it may be the lost command's")
	require.True(t, w.believes(&pending{verb: ftp.PASV}, 227), "only PASV has it")
	require.False(t, w.believes(&pending{verb: ftp.PWD}, 257), "MKD has it too")
}

// Where the capture begins late, the first replies may be to commands that it lacks.
func TestUncertainFromALateBeginning(t *testing.T) {
	const path = "S: 150 x"
	late := []string{"C: CWD docs", "C: PWD", "C: NOOP", `S: 257 "/" is current`, "S: 250 ok", `S: 257 "/docs" is current`, "S: 200 ok", "C: RETR a", path}
	h, _ := listened(false, 21, late...)
	require.Empty(t, h.transfers.commands[0].Path, "the first 257 is to a PWD that came before")
	h, _ = listened(true, 21, append([]string{"S: 220 x", "C: USER bob", "S: 230 in", "C: PWD"}, late...)...)
	require.Equal(t, "/docs/a", h.transfers.commands[0].Path)
	h, _ = listened(false, 21, "C: PWD", `S: 257 "/pub" is current`, "C: RETR a", path)
	require.Equal(t, "/pub/a", h.transfers.commands[0].Path, "a client that waits for replies has had those before")
}

func TestTakeSecondAndPop(t *testing.T) {
	shard := 30
	b := budget{shard: &shard, held: 30}
	w := waiting(ftp.RETR, ftp.NOOP, ftp.QUIT)
	for i := range w.pending {
		w.pending[i].held = 10
	}
	w.takeSecond(true, &b)
	require.Equal(t, []ftp.Verb{ftp.RETR, ftp.QUIT}, []ftp.Verb{w.pending[0].verb, w.pending[1].verb})
	require.True(t, w.pending[0].overtaken)
	require.False(t, w.pending[0].replyDoubtful)
	w.pop(2, &b)
	require.Empty(t, w.pending)
	require.Zero(t, shard)
}

// A refused negotiation leaves the one before it in force, for commands already sent too.
func TestRejected(t *testing.T) {
	var x transfers
	add := func(method string, passive bool) *Negotiation {
		x.serial++
		x.negotiations = append(x.negotiations, Negotiation{Method: method, Passive: passive, Index: int32(len(x.negotiations)), Serial: x.serial})
		x.current = len(x.negotiations) - 1
		return &x.negotiations[x.current]
	}
	add("PORT", false)
	add("PASV", true)
	add("PORT", false)
	x.serial++
	x.commands = []TransferCommand{{Negotiation: 2, Serial: x.serial}}
	x.reject(&x.negotiations[2])
	require.Equal(t, 0, x.inForce(), "PASV serves one transfer and does not come back")
	require.EqualValues(t, 0, x.commands[0].Negotiation)
	x.reject(&x.negotiations[0])
	require.Equal(t, none, x.inForce())

	passive := add("EPSV", true)
	require.Equal(t, 3, x.inForce())
	passive.consumed = true
	require.Equal(t, none, x.inForce())
}

func TestLoginDecides(t *testing.T) {
	for _, c := range []struct {
		name  string
		verb  ftp.Verb
		code  int
		want  string
		given bool
	}{
		{"USER suffices", ftp.USER, 230, record.LoginOK, true},
		{"a password is wanted", ftp.USER, 331, record.LoginNone, false},
		{"PASS is superfluous", ftp.PASS, 202, record.LoginOK, true},
		{"an account is wanted", ftp.PASS, 332, record.LoginNone, false},
		{"refused", ftp.PASS, 530, record.LoginFailed, true},
		{"too busy", ftp.PASS, 421, record.LoginFailed, true},
		{"USER meets an error: it may be tried again", ftp.USER, 501, record.LoginNone, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := login{state: record.LoginNone}
			require.Equal(t, c.given, l.decide(c.verb, &record.Reply{Code: c.code}))
			require.Equal(t, c.want, l.state)
		})
	}
}

func TestTransferParams(t *testing.T) {
	var p transferParams
	p.reset()
	require.Equal(t, transferParams{mode: "S", modeSaid: true}, p)
	p.onRest(" 100 ", true)
	require.Equal(t, number{100, true}, p.restart)
	p.onRest("x", true)
	require.Equal(t, number{}, p.restart)
	p.onRest("100", false)
	require.Equal(t, number{}, p.restart, "the server did not agree")
	p.onSize("a", &record.Reply{Code: 213, Text: "70"})
	require.Equal(t, number{70, true}, p.size)
	p.lose()
	require.Equal(t, transferParams{modeSaid: true, sizeOf: "a"}, p)
	for arg, want := range map[string]string{"a": "A", "I": "I", "A N": "A", "L 8": "L8", "l8": "L8", "E": "E", "X": "", "": ""} {
		require.Equal(t, want, representation(arg), arg)
	}
}
