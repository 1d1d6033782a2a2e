package wire

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/formats"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture"
)

const pcaps = "../../../../pcaps"

// traveller hands every record on as it is after its way.
type traveller struct {
	t    *testing.T
	show bool
	out  report.Writer
	size int
}

func (w *traveller) send(r Record) error {
	b, err := Encode(r, w.show)
	require.NoError(w.t, err)
	w.size += len(b)
	got, err := Decode(b)
	require.NoError(w.t, err)
	return got.Write(w.out)
}

func (w *traveller) Session(r *record.Session) error { return w.send(Record{Session: r}) }
func (w *traveller) Attempt(r *record.Attempt) error { return w.send(Record{Attempt: r}) }
func (w *traveller) Orphan(r *record.Orphan) error   { return w.send(Record{Orphan: r}) }
func (w *traveller) Summary(r *record.Summary) error { return w.send(Record{Summary: r}) }

// TestSamplesTravel wants formats to write the same of records that were sent, of every
// sample capture.
func TestSamplesTravel(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(pcaps, "*.pcap*"))
	require.NoError(t, err)
	require.Greater(t, len(files), 100)
	all := formats.All()
	seen := 0
	for _, name := range files {
		var here, there []*bytes.Buffer
		var near, far []report.Writer
		for _, f := range all {
			if !f.Sensors {
				continue
			}
			a, b := &bytes.Buffer{}, &bytes.Buffer{}
			here, there = append(here, a), append(there, b)
			opt := report.Options{ShowPasswords: true}
			near, far = append(near, f.New(a, opt)), append(far, f.New(b, opt))
		}
		c, err := capture.Open([]string{name}, capture.Options{})
		require.NoError(t, err)
		w := &traveller{t: t, show: true, out: report.NewTee(far...)}
		_, err = analyze.Run(c, analyze.Options{Dialogue: true, ShowPasswords: true}, report.NewTee(append(near, w)...))
		c.Close()
		require.NoError(t, err)
		for i := range here {
			require.Equal(t, here[i].String(), there[i].String(), name)
			seen += here[i].Len()
		}
	}
	require.Greater(t, seen, 1<<20)
}

// TestSecretsStay wants no password to travel that is not to be shown.
func TestSecretsStay(t *testing.T) {
	for _, s := range reporttest.HostileSessions() {
		secret := "s3cret"
		s.Password = &secret
		s.Dialogue = append(s.Dialogue, record.Exchange{Command: "pass", Argument: &secret})
		before := *s
		b, err := Encode(Record{Session: s}, false)
		require.NoError(t, err)
		require.NotContains(t, string(b), secret)
		require.Equal(t, &before, s, "the record is the analysis's own")
		b, err = Encode(Record{Session: s}, true)
		require.NoError(t, err)
		require.Contains(t, string(b), secret)
	}
}

func TestDecode(t *testing.T) {
	whole, err := Encode(Record{Attempt: &record.Attempt{Count: 1}}, false)
	require.NoError(t, err)
	for name, b := range map[string][]byte{
		"nothing": nil, "text": []byte("no CBOR at all"), "an empty map": {0xa0}, "cut": whole[:len(whole)-1],
		"two": append(append([]byte(nil), whole...), whole...), "deep": bytes.Repeat([]byte{0x81}, 1000),
		"a long list": {0xa1, 0x67, 'S', 'e', 's', 's', 'i', 'o', 'n', 0xa1, 0x69, 'T', 'r', 'a', 'n', 's', 'f', 'e', 'r', 's', 0x9a, 0xff, 0xff, 0xff, 0xff},
	} {
		_, err := Decode(b)
		require.Error(t, err, name)
	}
}

func TestFrom(t *testing.T) {
	for _, r := range []Record{{Session: &record.Session{}}, {Attempt: &record.Attempt{}}, {Orphan: &record.Orphan{}}, {Summary: &record.Summary{}}} {
		r.From("dmz1")
		var b bytes.Buffer
		f, ok := formats.Find("json")
		require.True(t, ok)
		require.NoError(t, r.Write(f.New(&b, report.Options{})))
		require.Contains(t, b.String(), `"sensor":"dmz1"`)
	}
}

// blockOf makes frames of texts: the kind, then what it holds.
func blockOf(frames ...string) (b []byte) {
	kinds := map[byte]Kind{'W': Whole, 'B': Begin, 'M': More, 'E': End}
	for _, f := range frames {
		b = AppendFrame(b, kinds[f[0]], []byte(f[1:]))
	}
	return b
}

// TestReader puts records together that are in several blocks.
func TestReader(t *testing.T) {
	whole, err := Encode(Record{Attempt: &record.Attempt{Count: 7}}, false)
	require.NoError(t, err)
	a, b, c := string(whole[:10]), string(whole[10:20]), string(whole[20:])
	for name, x := range map[string]struct {
		blocks            [][]byte
		records           int
		begun, lost, torn uint64
	}{
		"whole":                 {[][]byte{blockOf("W"+string(whole), "W"+string(whole))}, 2, 2, 0, 0},
		"in parts":              {[][]byte{blockOf("B" + a), blockOf("M" + b), blockOf("E"+c, "W"+string(whole))}, 2, 2, 0, 0},
		"the end is missing":    {[][]byte{blockOf("B" + a), blockOf("W" + string(whole))}, 1, 2, 1, 0},
		"the middle is missing": {[][]byte{blockOf("B" + a), blockOf("E" + c)}, 0, 1, 1, 0},
		"the start is missing":  {[][]byte{blockOf("M" + b), blockOf("E" + c)}, 0, 0, 0, 0},
		"no record":             {[][]byte{blockOf("Wnonsense", "W"+string(whole))}, 1, 2, 1, 0},
		"torn":                  {[][]byte{blockOf("W"+string(whole), "W"+string(whole))[:len(whole)+20]}, 1, 1, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var r Reader
			var begun, torn uint64
			records := 0
			for _, b := range x.blocks {
				again := Resume(r.Part()) // as after a restart
				again.lost = r.lost
				n, err := again.Add(b, func(r Record) error { records++; require.Equal(t, 7, r.Attempt.Count); return nil }, func(error) {})
				if err != nil {
					require.ErrorIs(t, err, ErrTorn)
					torn++
				}
				begun, r = begun+n, *again
			}
			require.Equal(t, []uint64{uint64(x.records), x.begun, x.lost, x.torn}, []uint64{uint64(records), begun, r.Lost(), torn})
		})
	}
}

func TestBlock(t *testing.T) {
	top := Top{Format: 1, Version: "v1", Store: strings.Repeat("ab", 8), Number: 3, Run: 2, First: 9}
	b := AppendFrame(AppendTop(nil, top), Whole, bytes.Repeat([]byte("text "), 1000))
	message := Pack(b)
	require.Less(t, len(message), len(b)/4)
	got, err := Unpack(message)
	require.NoError(t, err)
	read, rest, err := ReadTop(got)
	require.NoError(t, err)
	require.Equal(t, top, read)
	_, payload, rest, err := NextFrame(rest)
	require.NoError(t, err)
	require.Len(t, payload, 5000)
	require.Empty(t, rest)
	_, _, err = ReadTop(blockOf("Wx"))
	require.ErrorContains(t, err, "no head")
	_, err = Unpack(Pack(make([]byte, 64<<20)))
	require.ErrorContains(t, err, "cannot be unpacked", "a bomb")
	_, err = Unpack([]byte("no zstd"))
	require.Error(t, err)
}

// TestWordsOfOurs wants no record with words that formats would write as they are.
func TestWordsOfOurs(t *testing.T) {
	evil := "x\",\"y\x1b[2J"
	for name, s := range map[string]*record.Session{
		"mode": {Mode: evil}, "login": {Login: evil}, "a transfer's state": {Transfers: []record.Transfer{{Connection: &record.Connection{State: evil}}}},
		"expected": {Transfers: []record.Transfer{{ExpectedInitiator: &evil}}}, "verdict": {Verdict: &record.Verdict{Or: []string{"a", evil}}},
		"network": {Network: &record.Network{Paths: []record.NetworkPath{{Name: evil}}}}, "finding": {Findings: []record.Finding{{ID: evil}}},
	} {
		b, err := Encode(Record{Session: s}, false)
		require.NoError(t, err)
		_, err = Decode(b)
		require.ErrorContains(t, err, "is no word of ours", name)
	}
	for _, s := range append(reporttest.HostileSessions(), &record.Session{Banner: &evil, User: &evil}) {
		b, err := Encode(Record{Session: s}, false)
		require.NoError(t, err)
		_, err = Decode(b)
		require.NoError(t, err, "what the wire had is escaped by formats")
	}
}
