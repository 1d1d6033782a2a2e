package verdict_test

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// A session before and after a NAT that gives 10.9.50.1 the address 192.0.2.77.
const (
	numbers = `
		server 203.0.113.21:21
		isn C 1000
		isn S 2000
		isn d1> 3000
		isn d1< 4000
	`
	inside = numbers + `
		client 10.9.50.1:50388
	`
	outside = numbers + `
		client 192.0.2.77:5072
	`
	hello = `
		S: 220 ready
		C: USER bob
		S: 331 Password
		C: PASS x
		S: 230 Ok.
	`
)

// from leaves what hosts sent.
func from(frames []capturetest.Frame, hosts ...string) []capturetest.Frame {
	return slices.DeleteFunc(slices.Clone(frames), func(f capturetest.Frame) bool {
		return !slices.Contains(hosts, f.Meta.Src.Addr().String())
	})
}

// bothSides is a session as captured on both sides of the NAT, 0.1 ms apart.
func bothSides(t *testing.T, near, far string) []capturetest.Frame {
	t.Helper()
	return capturetest.Interleave(capturetest.MustFrames(t, near), capturetest.Shift(capturetest.MustFrames(t, far), flow.Millisecond/10))
}

func TestHalves(t *testing.T) {
	const talk = hello + `
		C: PORT 10,9,50,1,195,80
		S: 200 Ok.
		C: RETR a.txt
		data d1 203.0.113.21:20 > HOST:50000
		S: 150 Here it comes.
		d1> 3000 fin
		d1 half <
		S: 226 Done.
	` + quit
	near := capturetest.MustFrames(t, inside+strings.ReplaceAll(talk, "HOST", "10.9.50.1"))
	far := capturetest.MustFrames(t, outside+strings.ReplaceAll(talk, "HOST", "192.0.2.77"))
	frames := capturetest.Interleave(from(near, "10.9.50.1"), capturetest.Shift(from(far, "203.0.113.21"), flow.Millisecond/10))
	r := analyzed(t, frames)
	require.Len(t, r.sessions, 2)
	whole, rest := r.sessions[0], r.sessions[1]
	require.Equal(t, netip.MustParseAddrPort("10.9.50.1:50388"), whole.Client)
	require.Equal(t, []int{rest.ID, whole.ID}, []int{whole.Twin, rest.Twin})
	require.Equal(t, []string{record.LoginOK, record.Active, record.Server}, []string{whole.Login, whole.Mode, whole.Initiator})
	require.Len(t, whole.Transfers, 1)
	x := whole.Transfers[0]
	require.Equal(t, []any{record.OK, uint64(3000), 226, "203.0.113.21:20"}, []any{x.Outcome, *x.Bytes, x.Reply.Code, x.Connection.Src.String()})
	require.Equal(t, "none none certain", short(whole.Verdict))
	require.Equal(t, "none none certain", short(rest.Verdict))
	require.Empty(t, rest.Transfers)
	require.Contains(t, rest.Verdict.Text, "session 1")
	for workers := range 4 {
		require.Equal(t, verdicts(r), verdicts(analyzedBy(t, frames, workers)))
	}
}

func TestHalvesThatFail(t *testing.T) {
	const talk = hello + `
		C: EPRT |1|10.9.50.1|50000|
		S: 200 Ok.
		C: LIST
		wait 130s
		S: 425 Unable to build data connection: Connection timed out
	` + quit
	near, far := capturetest.MustFrames(t, inside+talk), capturetest.MustFrames(t, outside+talk)
	frames := capturetest.Interleave(from(near, "10.9.50.1"), capturetest.Shift(from(far, "203.0.113.21"), flow.Millisecond/10))
	whole := analyzed(t, frames).sessions[0]
	require.Equal(t, "address-untranslated nat likely data-never-tried data-blocked", short(whole.Verdict))
	require.Contains(t, whole.Verdict.Text, "Unable to build data connection")
	require.Contains(t, whole.Verdict.Text, "192.0.2.77")

	t.Run("the server's SYN came to the NAT", func(t *testing.T) {
		const tried = hello + `
			C: EPRT |1|10.9.50.1|50000|
			S: 200 Ok.
			C: LIST
			data d1 203.0.113.21:20 > 192.0.2.77:50000 unanswered 4
			wait 60s
			S: 425 Unable to build data connection: Connection timed out
		` + quit
		near, far := capturetest.MustFrames(t, inside+tried), capturetest.MustFrames(t, outside+tried)
		whole := analyzed(t, capturetest.Interleave(from(near, "10.9.50.1"), from(far, "203.0.113.21"))).sessions[0]
		require.Equal(t, record.CauseDataBlocked, whole.Verdict.Cause)
		require.Equal(t, 4, whole.Transfers[0].Connection.Attempts)
	})
}

func TestTwins(t *testing.T) {
	for _, k := range []struct{ name, near, far, want, says string }{
		{"SYNs that do not leave the box", hello + `
			C: PASV
			S: 227 Ok (203,0,113,21,195,80)
			data d1 10.9.50.1:40001 > 203.0.113.21:50000 unanswered 5
			wait 5s` + quit,
			hello + `
			C: PASV
			S: 227 Ok (203,0,113,21,195,80)
			wait 20s` + quit, "data-blocked firewall certain", "did not leave it"},
		{"SYNs that the box rejects", hello + `
			C: PORT 10,9,50,1,195,80
			S: 200 Ok.
			C: LIST
			wait 1s
			S: 425 Can't open data connection.` + quit,
			"ttl C 63\n" + hello + `
			C: PORT 192,0,2,77,195,80
			S: 200 Ok.
			C: LIST
			data d1 203.0.113.21:20 > 192.0.2.77:50000 refused
			wait 998ms
			S: 425 Can't open data connection.` + quit, "data-rejected firewall likely", "rejects them with RST"},
		{"answers that do not", hello + `
			C: PASV
			S: 227 Ok (203,0,113,21,195,80)
			data d1 10.9.50.1:40001 > 203.0.113.21:50000 unanswered 5
			wait 5s` + quit,
			hello + `
			C: PASV
			S: 227 Ok (203,0,113,21,195,80)
			data d1 192.0.2.77:40001 > 203.0.113.21:50000 synack
			wait 20s` + quit, "data-blocked firewall certain", "drops the answer"},
		{"a PORT that passes unchanged", hello + `
			C: PORT 10,9,50,1,195,80
			S: 200 Ok.
			C: LIST
			wait 60s
			S: 425 Can't open data connection.` + quit,
			hello + `
			C: PORT 10,9,50,1,195,80
			S: 200 Ok.
			C: LIST
			wait 60s
			S: 425 Can't open data connection.` + quit, "address-untranslated nat certain", "unchanged"},
		{"all well", hello + quit, hello + quit, "none none certain", "login succeeded"},
	} {
		t.Run(k.name, func(t *testing.T) {
			frames := bothSides(t, inside+k.near, outside+k.far)
			r := analyzed(t, frames)
			require.Len(t, r.sessions, 2)
			require.Equal(t, []int{2, 1}, []int{r.sessions[0].Twin, r.sessions[1].Twin})
			v := r.sessions[0].Verdict
			require.Equal(t, k.want, short(v), v.Text)
			require.Contains(t, v.Text, k.says)
			for workers := range 4 {
				require.Equal(t, verdicts(r), verdicts(analyzedBy(t, frames, workers)))
			}
			lessOne(t, frames, v.Cause)
		})
	}
	t.Run("others that look alike", func(t *testing.T) {
		strangers := capturetest.MustFrames(t, strings.Replace(outside, "isn S 2000", "isn S 2001", 1)+hello+quit)
		r := analyzed(t, capturetest.Interleave(capturetest.MustFrames(t, inside+hello+quit), strangers))
		require.Equal(t, []int{0, 0}, []int{r.sessions[0].Twin, r.sessions[1].Twin})
	})
}

func verdicts(r *records) []string {
	var list []string
	for _, s := range r.sessions {
		list = append(list, short(s.Verdict)+" "+s.Verdict.Text)
	}
	return list
}

func analyzedBy(t *testing.T, frames []capturetest.Frame, workers int) *records {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, capturetest.WritePcap(&file, frames, capturetest.PcapOptions{}))
	c, err := capture.Open([]string{"-"}, capture.Options{Stdin: &file})
	require.NoError(t, err)
	defer c.Close()
	r := &records{}
	_, err = analyze.Run(c, analyze.Options{Workers: workers}, r)
	require.NoError(t, err)
	return r
}
