package analyze_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
)

// Every sample's truth says what went wrong in it and where, of each of its sessions, as it
// was arranged when the sample was made; where all went well it says that.

// sampleTruth is what NAME.truth.json says of verdicts.
type sampleTruth struct {
	Capture   string
	Files     []string
	Sessions  []judgedTruth
	Attempts  []judgedTruth
	NeverSays []string `json:"never_says"`
	More      bool     `json:"more_sessions_ok"`
}

// judgedTruth is of a session, a transfer or an attempt.
type judgedTruth struct {
	Client, Server string
	ClientIP       string `json:"client_ip"`
	Login          string
	Verdict        *verdictTruth
	Says           []string
	Transfers      []struct {
		Command *string `json:"cmd"`
		Outcome string
		Verdict *verdictTruth
	}
}

type verdictTruth struct {
	Cause, At    string
	CauseAlso    []string `json:"cause_also_ok"`
	AtAlso       []string `json:"at_also_ok"`
	CertaintyNot []string `json:"certainty_not"`
}

// misjudged are the samples of which a wrong verdict is known and not mended yet; the list
// may only become shorter.
var misjudged = strings.Fields(`
`)

func TestTruths(t *testing.T) {
	for _, file := range some(truthFiles(t)) {
		name := strings.TrimSuffix(filepath.Base(file), ".truth.json")
		t.Run(name, func(t *testing.T) {
			truth := truthOf(t, file)
			wrong := truth.wrong(t, truth.analyzed(t, analyze.Options{}))
			if slices.Contains(misjudged, name) {
				if len(wrong) == 0 {
					t.Log("this is mended: take it off the list")
				}
				return
			}
			require.Empty(t, wrong)
		})
	}
}

// casesDir has captures of one cause each, and of what looks like it.
const casesDir = samplesDir + "/cases"

func truthFiles(t *testing.T) (list []string) {
	t.Helper()
	for _, dir := range []string{samplesDir, casesDir} {
		files, err := filepath.Glob(dir + "/*.truth.json")
		require.NoError(t, err)
		require.Greater(t, len(files), 50)
		list = append(list, files...)
	}
	return list
}

func truthOf(t *testing.T, file string) (truth *sampleTruth) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &truth))
	if len(truth.Files) == 0 {
		truth.Files = []string{truth.Capture}
	}
	for i, name := range truth.Files {
		truth.Files[i] = filepath.Join(filepath.Dir(file), name)
	}
	return truth
}

// analyzed is what is found in the captures of a truth.
func (truth *sampleTruth) analyzed(t *testing.T, opt analyze.Options) *analyzetest.Records {
	t.Helper()
	c, err := capture.Open(truth.Files, capture.Options{})
	require.NoError(t, err)
	defer c.Close()
	var r analyzetest.Records
	_, err = analyze.Run(c, opt, &r)
	require.NoError(t, err)
	return &r
}

// wrong lists what records say otherwise than the truth.
func (truth *sampleTruth) wrong(t *testing.T, r *analyzetest.Records) (list []string) {
	left := slices.Clone(r.Sessions)
	for i := range truth.Sessions {
		want := &truth.Sessions[i]
		at := slices.IndexFunc(left, func(s *record.Session) bool {
			return s.Client.String() == want.Client && s.Server.String() == want.Server
		})
		if at < 0 {
			list = append(list, "no session "+want.Client+" > "+want.Server)
			continue
		}
		list = append(list, want.wrong(t, left[at].Verdict)...)
		list = append(list, want.transfersWrong(t, left[at])...)
		left = slices.Delete(left, at, at+1)
	}
	for i := range truth.Attempts {
		want := &truth.Attempts[i]
		v := attempted(r, left, want)
		if v == nil {
			list = append(list, "no attempt of "+want.ClientIP+" > "+want.Server)
			continue
		}
		list = append(list, want.wrong(t, v)...)
	}
	for _, pattern := range truth.NeverSays {
		for _, text := range everythingSaid(r) {
			if regexp.MustCompile("(?i)" + pattern).MatchString(text) {
				list = append(list, fmt.Sprintf("says %q, which never holds: %s", pattern, text))
			}
		}
	}
	return list
}

// wrong lists what a verdict says otherwise. A session that was judged by hand says so: where
// something failed the truth must name it, where nothing did it must say none.
func (want *judgedTruth) wrong(t *testing.T, v *record.Verdict) (list []string) {
	require.NotNil(t, want.Verdict, "a truth without a verdict")
	require.NotNil(t, v)
	who := want.Client + want.ClientIP
	list = want.Verdict.wrong(who, v)
	for _, pattern := range want.Says {
		if text := v.Text + " " + strings.Join(v.Next, " "); !regexp.MustCompile("(?i)" + pattern).MatchString(text) {
			list = append(list, fmt.Sprintf("%s: %q is not said: %s", who, pattern, text))
		}
	}
	return list
}

func (want *verdictTruth) wrong(who string, v *record.Verdict) (list []string) {
	if v == nil {
		return []string{who + " has no verdict"}
	}
	told := fmt.Sprintf("%s: %s at %s, %s: %s", who, v.Cause, v.At, v.Certainty, v.Text)
	if v.Cause != want.Cause && !slices.Contains(want.CauseAlso, v.Cause) || v.At != want.At && !slices.Contains(want.AtAlso, v.At) {
		list = append(list, fmt.Sprintf("%s; it was %s at %s", told, want.Cause, want.At))
	}
	if slices.Contains(want.CertaintyNot, v.Certainty) {
		list = append(list, told+"; nobody can be that certain")
	}
	return list
}

// transfersWrong compares the transfers that have a verdict of their own, and asks that a
// transfer of which the session's verdict is has the same.
func (want *judgedTruth) transfersWrong(t *testing.T, s *record.Session) (list []string) {
	for i := range want.Transfers {
		if w := want.Transfers[i].Verdict; w != nil && i < len(s.Transfers) {
			list = append(list, w.wrong(fmt.Sprint("transfer ", i+1), s.Transfers[i].Verdict)...)
		}
	}
	if n := s.Verdict.Transfer; n > 0 {
		require.NotNil(t, s.Transfers[n-1].Verdict)
		require.Equal(t, s.Verdict.Cause, s.Transfers[n-1].Verdict.Cause)
	}
	return list
}

// attempted is the verdict of an attempt; what speaks no FTP may be a session without
// transfers too.
func attempted(r *analyzetest.Records, left []*record.Session, want *judgedTruth) *record.Verdict {
	for i := range r.Attempts {
		if a := &r.Attempts[i]; a.ClientIP.String() == want.ClientIP && a.Server.String() == want.Server {
			return a.Verdict
		}
	}
	for _, s := range left {
		if s.Client.Addr() == netip.MustParseAddr(want.ClientIP) && s.Server.String() == want.Server && len(s.Transfers) == 0 {
			return s.Verdict
		}
	}
	return nil
}

// everythingSaid are the texts of verdicts and findings.
func everythingSaid(r *analyzetest.Records) (texts []string) {
	said := func(v *record.Verdict) {
		if v != nil {
			texts = append(texts, v.Text+" "+strings.Join(v.Next, " "))
		}
	}
	for _, s := range r.Sessions {
		said(s.Verdict)
		for i := range s.Transfers {
			said(s.Transfers[i].Verdict)
		}
		for i := range s.Findings {
			texts = append(texts, s.Findings[i].Message+" "+s.Findings[i].Advice)
		}
	}
	for i := range r.Attempts {
		said(r.Attempts[i].Verdict)
	}
	return texts
}

// Where everything went well the truth says none, and nothing else.
func TestTruthsOfSuccess(t *testing.T) {
	well := 0
	for _, name := range truthFiles(t) {
		truth := truthOf(t, name)
		for i := range truth.Sessions {
			s := &truth.Sessions[i]
			require.NotNil(t, s.Verdict, name)
			if s.Verdict.Cause == record.CauseNone && len(s.Verdict.CauseAlso) == 0 {
				well++
			}
			for k := range s.Transfers {
				if o := s.Transfers[k].Outcome; o == "no-connection" || o == "incomplete" {
					require.NotEqual(t, record.CauseNone, s.Verdict.Cause, name)
				}
			}
		}
	}
	require.Greater(t, well, 60)
}

// ofCases calls a test with each case's frames.
func ofCases(t *testing.T, test func(t *testing.T, name string, frames []capturetest.Frame)) {
	files, err := filepath.Glob(casesDir + "/*.pcap")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range some(files) {
		name := strings.TrimSuffix(filepath.Base(file), ".pcap")
		t.Run(name, func(t *testing.T) { test(t, name, framesOf(t, file)) })
	}
}

// A lost packet makes nobody certain of another cause. Of each case some are lost in turn,
// with -attack 0 all.
func TestDropOneOfCases(t *testing.T) {
	ofCases(t, func(t *testing.T, name string, frames []capturetest.Frame) {
		if strings.HasPrefix(name, "socks-") { // without a packet it is a session, with it not yet
			return
		}
		full := analyzetest.Analyzed(t, frames, options)
		for _, i := range chosen(len(frames), 1) {
			require.Empty(t, othersAccused(full, analyzetest.Analyzed(t, capturetest.Drop(frames, i), options)), "without packet %d", i+1)
		}
	})
}

// Nor does another order.
func TestOrderOfCases(t *testing.T) {
	ofCases(t, func(t *testing.T, _ string, frames []capturetest.Frame) {
		full := analyzetest.Analyzed(t, hasty(frames), options)
		for seed := range uint64(3) {
			require.Empty(t, othersAccused(full, analyzetest.Analyzed(t, capturetest.Reorder(hasty(frames), 4, seed), options)), "seed %d", seed)
		}
	})
}

// Splitting, merging, repetition and rotation change nothing.
func TestVariantsOfCases(t *testing.T) {
	ofCases(t, func(t *testing.T, _ string, frames []capturetest.Frame) {
		requireSame(t, frames, "reordered", "reordered a little", "split and reordered")
	})
}

// The number of workers changes no verdict.
func TestWorkersOfCases(t *testing.T) {
	for _, file := range some(truthFiles(t)) {
		truth := truthOf(t, file)
		require.Equal(t, truth.analyzed(t, analyze.Options{Workers: 1}).Ordered().JSON(t), truth.analyzed(t, analyze.Options{Workers: 5}).Ordered().JSON(t), file)
	}
}
