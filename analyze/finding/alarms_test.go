package finding_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/capture"
)

const samplesDir = "../../pcaps"

// TestNoFalseAlarms: where everything worked nothing is found above medium but what the capture was made to show, and
// in what is not FTP nothing at all.
func TestNoFalseAlarms(t *testing.T) {
	truths, err := filepath.Glob(samplesDir + "/*.truth.json")
	require.NoError(t, err)
	require.NotEmpty(t, truths)
	for _, name := range truths {
		stem := strings.TrimSuffix(name, ".truth.json")
		t.Run(filepath.Base(stem), func(t *testing.T) {
			var truth struct {
				Files    []string
				Expected []string `json:"expect_findings"`
			}
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(data, &truth))
			files, err := filepath.Glob(stem + ".pcap*")
			require.NoError(t, err)
			for _, f := range truth.Files {
				files = append(files, filepath.Join(samplesDir, f))
			}
			require.NotEmpty(t, files)
			c, err := capture.Open(files, capture.Options{})
			require.NoError(t, err)
			defer c.Close()
			var r sessions
			_, err = analyze.Run(c, analyze.Options{}, &r)
			require.NoError(t, err)
			require.False(t, strings.HasPrefix(filepath.Base(stem), "decoy") && len(r) > 0, "not FTP")
			for i := range r {
				if !worked(r[i]) {
					continue
				}
				for _, f := range r[i].Findings {
					if f.Severity == "high" || f.Severity == "critical" {
						require.True(t, slices.Contains(truth.Expected, f.ID), "%s: %s", f.ID, f.Message)
					}
				}
			}
		})
	}
}

// worked reports whether a session did what its client asked for.
func worked(s *record.Session) bool {
	for i := range s.Transfers {
		if o := s.Transfers[i].Outcome; o != record.OK && o != record.Unused && o != record.Unknown {
			return false
		}
	}
	return s.Login != record.LoginFailed
}

// sessions keeps those that an analysis finds.
type sessions []*record.Session

func (r *sessions) Session(s *record.Session) error { *r = append(*r, s); return nil }
func (*sessions) Attempt(*record.Attempt) error     { return nil }
func (*sessions) Orphan(*record.Orphan) error       { return nil }
func (*sessions) Summary(*record.Summary) error     { return nil }
