package traffic

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// script says what an FTP session does.
type script struct {
	transfers int
	list      bool // a LIST before the transfers
	size      func() int64
	methods   []string // nil: those of the address family
	think     int64    // the longest time before a command
	hold      int64    // idle after the login
	chores    int      // commands that transfer nothing
	every     int      // chores before each transfer
	batch     bool     // chores are sent in batches and arrive in disorder, like the data
}

// session speaks FTP as a client and a server do: RFC 959, and RFC 2428 for EPRT and
// EPSV.
type session struct {
	script
	loggedIn bool
	listed   bool
	over     bool
	chored   int
	moved    int
	server   int
}

const (
	servers      = 50
	control      = 0 // lines of the talk
	data         = 1
	client       = 0 // their ends, as the opener of the control connection has it
	server       = 1
	choresAtOnce = 32
	passiveFrom  = 20000 // ports that servers give out
	passivePorts = 40000
)

var (
	methods4 = []string{"PASV", "EPSV", "PORT", "EPRT"}
	methods6 = []string{"EPSV", "EPRT"}
)

func (g *generator) newSession(t *talk, s script) *talk {
	f := &session{script: s, server: t.number % servers}
	v6 := t.line[control].end[0].v6
	if f.methods == nil {
		if f.methods = methods4; v6 {
			f.methods = methods6
		}
	}
	t.line[control] = g.connect(t.client(), serverEnd(f.server, v6, 21))
	t.who = f
	g.counts.Sessions++
	return t
}

// newTalk prepares a conversation of a client that no other has.
func (g *generator) newTalk(v6 bool, rtt, gap int64) *talk {
	t := &talk{number: g.begun, rtt: rtt, gap: gap}
	g.begun++
	t.line[control].end[0].v6 = v6
	return t
}

const (
	talksPerHost = 16
	portsPerTalk = 3328
	firstPort    = 10240
)

// client returns an endpoint of the conversation's client, a new port each time until its
// ports are used up.
func (t *talk) client() endpoint {
	e := endpoint{v6: t.line[control].end[0].v6, port: uint16(firstPort + t.number%talksPerHost*portsPerTalk + int(t.ports))}
	t.ports = (t.ports + 1) % portsPerTalk
	if t.ports == 0 {
		t.ports = 1 // the first is the control connection's
	}
	n := t.number / talksPerHost
	if e.v6 {
		copy(e.ip[:], "\x20\x01\x0d\xb8\x00\x01")
		e.ip[13], e.ip[14], e.ip[15] = byte(n>>16)+1, byte(n>>8), byte(n)
		return e
	}
	e.ip = [16]byte{100, 64 | byte(n>>16)&63, byte(n >> 8), byte(n)} // RFC 6598: 4 Mi hosts
	return e
}

func serverEnd(i int, v6 bool, port uint16) endpoint {
	if v6 {
		return endpoint{ip: [16]byte{0x20, 0x01, 0x0d, 0xb8, 0x00, 0x21, 15: byte(i + 1)}, port: port, v6: true}
	}
	return endpoint{ip: [16]byte{198, 51, 100, byte(i + 1)}, port: port}
}

func (f *session) plan(g *generator, t *talk) bool {
	switch {
	case !f.loggedIn:
		f.loggedIn = true
		f.login(g, t)
	case f.list && !f.listed:
		f.listed = true
		f.command(g, t, "TYPE A", "200 Switching to ASCII mode.")
		f.transfer(g, t, "LIST", g.between(2, 30)*listLine)
		f.command(g, t, "TYPE I", "200 Switching to Binary mode.")
	case f.chored < f.chores && (f.every == 0 || f.chored/f.every <= f.moved || f.moved == f.transfers):
		f.work(g, t)
	case f.moved < f.transfers:
		f.moved++
		verb := "RETR"
		if g.rnd.IntN(4) == 0 {
			verb = "STOR"
		}
		f.transfer(g, t, verb, f.size())
	case !f.over:
		f.over = true
		f.command(g, t, "QUIT", "221 Goodbye.")
		t.close(control, server)
	default:
		return false
	}
	return true
}

// command plans a command and its reply.
func (f *session) command(g *generator, t *talk, command, reply string) {
	f.count(g, 1)
	t.pause(g.between(f.think/8, f.think))
	t.ask(control, client, command+"\r\n")
	t.answer(control, server, reply+"\r\n")
}

func (f *session) count(g *generator, n int) { g.counts.Commands += int64(n) }

func (f *session) login(g *generator, t *talk) {
	t.open(control)
	t.answer(control, server, "220 (vsFTPd 3.0.5)\r\n")
	f.command(g, t, "USER user"+strconv.Itoa(t.number), "331 Please specify the password.")
	f.command(g, t, "PASS secret"+strconv.Itoa(t.number), "230 Login successful.")
	if f.transfers > 0 {
		f.command(g, t, "SYST", "215 UNIX Type: L8")
		f.command(g, t, "PWD", `257 "/" is the current directory`)
		f.command(g, t, "TYPE I", "200 Switching to Binary mode.")
	}
	if f.hold > 0 {
		t.pause(f.hold)
	}
}

// chores are commands that change nothing, with their replies.
var chores = [][2]string{
	{"NOOP", "200 NOOP ok."}, {"CWD /", "250 Directory successfully changed."},
	{"PWD", `257 "/" is the current directory`}, {"MDTM readme.txt", "213 20260101000000"},
}

// work plans the next chores.
func (f *session) work(g *generator, t *talk) {
	n := min(f.chores-f.chored, choresAtOnce)
	if f.every > 0 {
		n = min(n, f.every-f.chored%f.every)
	}
	var asked, answered strings.Builder
	for range n {
		c := chores[f.chored%len(chores)]
		f.chored++
		if !f.batch {
			f.command(g, t, c[0], c[1])
			continue
		}
		asked.WriteString(c[0] + "\r\n")
		answered.WriteString(c[1] + "\r\n")
	}
	if f.batch {
		f.count(g, n)
		t.disordered(act{do: doSay, dir: client, text: asked.String(), segment: disorderedSegment, wait: t.gap})
		t.add(act{do: doACK, dir: server, wait: t.rtt / 2})
		t.disordered(act{do: doSay, dir: server, text: answered.String(), segment: disorderedSegment, wait: t.gap})
		t.add(act{do: doACK, dir: client, wait: t.rtt / 2})
	}
}

// transfer plans a negotiation and what moves n bytes.
func (f *session) transfer(g *generator, t *talk, verb string, n int64) {
	method := f.methods[g.rnd.IntN(len(f.methods))]
	mine, v6 := t.client(), t.line[control].end[0].v6
	theirs := serverEnd(f.server, v6, 20)
	opener := uint8(server)
	switch method {
	case "PASV", "EPSV":
		opener = client
		theirs.port = passiveFrom + g.passive[f.server]
		g.passive[f.server] = (g.passive[f.server] + 1) % passivePorts
		reply := fmt.Sprintf("229 Entering Extended Passive Mode (|||%d|)", theirs.port)
		if g.counts.EPSV++; method == "PASV" {
			g.counts.EPSV--
			g.counts.PASV++
			reply = "227 Entering Passive Mode (" + numbers(theirs) + ")."
		}
		f.command(g, t, method, reply)
	case "PORT":
		g.counts.PORT++
		f.command(g, t, "PORT "+numbers(mine), "200 PORT command successful. Consider using PASV.")
	default:
		g.counts.EPRT++
		f.command(g, t, fmt.Sprintf("EPRT |%s|%d|", extended(mine), mine.port), "200 EPRT command successful. Consider using EPSV.")
	}
	g.counts.Data += n
	f.move(g, t, movement{verb, n, opener, mine, theirs})
}

// movement is a file on its way.
type movement struct {
	verb         string
	bytes        int64
	opener       uint8
	mine, theirs endpoint
}

// move plans the transfer command and the data connection. Line data is between opener
// and other: its ends change places when the server opens.
func (f *session) move(g *generator, t *talk, m movement) {
	ends := [2]endpoint{m.mine, m.theirs}
	t.line[data] = g.connect(ends[m.opener], ends[1-m.opener])
	argument, what := "", "150 Here comes the directory listing."
	sender, from := uint8(server), g.noise
	switch m.verb {
	case "LIST":
		from = g.list
	case "STOR":
		argument, what, sender = " file"+strconv.Itoa(t.number)+".bin", "150 Ok to send data.", client
	default:
		argument = " file" + strconv.Itoa(t.number) + ".bin"
		what = fmt.Sprintf("150 Opening BINARY mode data connection for%s (%d bytes).", argument, m.bytes)
	}
	f.count(g, 1)
	t.ask(control, client, m.verb+argument+"\r\n")
	t.open(data)
	t.answer(control, server, what+"\r\n")
	end := sender ^ m.opener // the sender's, as line data has it
	if f.batch {
		t.add(act{do: doHold})
	}
	g.planSend(t, act{line: data, dir: end, from: from, n: m.bytes})
	if f.batch {
		t.add(act{do: doFree})
	}
	t.close(data, end)
	t.answer(control, server, "226 Transfer complete.\r\n")
}

// numbers writes h1,h2,h3,h4,p1,p2: RFC 959 section 4.1.2.
func numbers(e endpoint) string {
	return fmt.Sprintf("%d,%d,%d,%d,%d,%d", e.ip[0], e.ip[1], e.ip[2], e.ip[3], e.port>>8, e.port&255)
}

// extended writes family|address: RFC 2428 section 2.
func extended(e endpoint) string {
	if e.v6 {
		return "2|" + netip.AddrFrom16(e.ip).String()
	}
	return "1|" + netip.AddrFrom4([4]byte(e.ip[:4])).String()
}
