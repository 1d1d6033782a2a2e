package control

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pool is what either side may say, in any order.
var pool = []string{
	"S: 220 ready", "S: 220-two", "S: 120 soon", "S: 230 in", "S: 331 p", "S: 530 no", "S: 150 go", "S: 226 done", "S: 226-a", "S: 425 no", "S: 426 gone", "S: 227 (192,0,2,21,195,80)", "S: 229 (|||50000|)", "S: 200 ok",
	"S: 234 go", "S: 250 ok", `S: 257 "/x"`, "S: 500 what", "S: 421 bye", "S: stray", "S: 213 5", "S: 631 MjMy", "S! \x16\x03\x03", "S! " + tlsRecord, "S! 22", "S? xxx", "S: 202 x", "S: 110 restart",
	"C: USER bob", "C: PASS x", "C: ACCT y", "C: CWD ../..", "C: PWD", "C: PASV", "C: EPSV", "C: PORT 192,0,2,10,195,80", "C: EPRT |1|192.0.2.10|50000|", "C: RETR a", "C: STOR b", "C: LIST", "C: ABOR", "C: NOOP", "C: REIN", "C: AUTH TLS",
	"C: PROT C", "C: CCC", "C: REST 5", "C: SIZE a", "C: TYPE I", "C: SITE EXEC x", "C: QUIT", "C: nonsense", "C! \x16\x03\x01", "C! " + tlsRecord, "C! US", "C? xxx", "C: MIC VVNF", "C! \xff\xf4\xff\xf2", "C: DELE z", "C: RNFR a", "C: RNTO b",
	"C: PROXY TCP4 192.0.2.1 192.0.2.21 40000 21", "C! CONNECT h:21 HTTP/1.1\r\n\r\n", "C! \x05\x01\x00", "S! \x05\x00", "C: GET / HTTP/1.1", "S: HTTP/1.1 200 Ok", "S: SSH-2.0-x",
}

// Whatever is said, in whatever order: pieces of segments and snapshots change nothing, the
// budget is given back, and nothing panics.
func TestAnyDialogue(t *testing.T) {
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 3))
		port := []uint16{21, 21, 2121, 990, 3128}[r.IntN(5)]
		syn := r.IntN(3) > 0
		whole, pieces, watched := hear(syn, port), hear(syn, port), hear(syn, port)
		var lines []string
		open := true
		for range 1 + r.IntN(25) {
			line := pool[r.IntN(len(pool))]
			lines = append(lines, line)
			open = whole.say(line) && open
			pieces.sayInBytes(line)
			watched.say(line)
			watched.Snapshot(watched.ended())
			if !open {
				break
			}
		}
		story := strings.Join(lines, "\n")
		require.Equal(t, statesOf(whole.Conversation), statesOf(watched.Conversation), "seed %d\n%s", seed, story)
		if !open {
			continue
		}
		opt := whole.opt
		want := whole.finish()
		require.Equal(t, want, watched.finish(), "seed %d, looked at\n%s", seed, story)
		if syn && !strings.ContainsAny(story, "?\x16\x17") { // roles without a SYN, and records after a gap, are told by how segments begin
			require.Equal(t, want, pieces.finish(), "seed %d, in pieces\n%s", seed, story)
		}
		require.Zero(t, opt.held, "seed %d\n%s", seed, story)
	}
}
