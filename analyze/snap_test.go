package analyze_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture/capturetest"
)

// Snapshot lengths that people use: 64 bytes hold Ethernet, IPv4 and TCP with few
// options, 96 and 128 the beginning of what control connections say.
var snapLengths = []int{64, 96, 128}

// What a snapshot length cut off is unknown, and nothing is false because of it. Lengths
// are the headers': byte counts stay.
func TestSnapOfSamples(t *testing.T) {
	files, err := filepath.Glob("../pcaps/*.pcap")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range some(files) {
		frames, err := capturetest.ReadPcap(file)
		require.NoError(t, err)
		full := analyzetest.Analyzed(t, frames, options)
		for _, n := range snapLengths {
			t.Run(fmt.Sprint(strings.TrimSuffix(filepath.Base(file), ".pcap"), "/", n), func(t *testing.T) {
				part := analyzetest.Analyzed(t, capturetest.Snap(frames, n), options)
				analyzetest.RequireSane(t, part)
				if len(full.Sessions) != 1 {
					return
				}
				f := full.Sessions[0]
				if n < 14+40+20 && f.Client.Addr().Is6() {
					require.NotZero(t, part.Total.Capture.Undecoded, "ports are not captured")
					return
				}
				if n == 64 && f.Initiator == record.ThirdParty {
					return // that the client tried, too, is all that headers tell
				}
				list := contradictions(full, part)
				for i := range f.Transfers {
					list = append(list, changedBySnap(f, &f.Transfers[i], part.Sessions, n)...)
				}
				if len(list) > 0 {
					t.Errorf("%q\nfull:\n%s\npart:\n%s", list, full.Facts(), part.Facts())
				}
			})
		}
	}
}

// Fragments are cut, too: of most only the first has a part of the payload.
func TestSnapOfFragments(t *testing.T) {
	for _, c := range varied {
		t.Run(c.Name, func(t *testing.T) {
			frames := c.Frames(t)
			full := analyzetest.Analyzed(t, frames, options)
			for _, n := range snapLengths {
				part := analyzetest.Analyzed(t, capturetest.Snap(inOrder(capturetest.Fragment(frames, 576, 0, 1)), n), options)
				analyzetest.RequireSane(t, part)
				if len(full.Sessions) == 1 {
					require.Empty(t, contradictions(full, part), "%d\nfull:\n%s\npart:\n%s", n, full.Facts(), part.Facts())
				}
			}
		})
	}
}

const unreachable = "unreachable"

// changedBySnap finds a transfer's connection again, which must be as it was. It may be
// unknown whose a connection is that failed, that another host opened, or that no command
// was read for.
func changedBySnap(s *record.Session, f *record.Transfer, part []*record.Session, n int) []string {
	if f.Connection == nil {
		return nil
	}
	for _, s := range part {
		for i := range s.Transfers {
			p := &s.Transfers[i]
			if p.Connection == nil || p.Connection.Src != f.Connection.Src || p.Connection.Dst != f.Connection.Dst {
				continue
			}
			if p.Initiator == record.None { // on one host no header tells which program it was
				return nil
			}
			if x, y := headerFacts(f), headerFacts(p); x != y && (f.Connection.State != unreachable || n > 64) { // the ICMP error is cut
				return []string{y + ", not " + x}
			}
			return nil
		}
	}
	hosts := []netip.Addr{s.Client.Addr(), s.Server.Addr()}
	known := slices.Contains(hosts, f.Connection.Src.Addr()) && slices.Contains(hosts, f.Connection.Dst.Addr())
	if known && f.Command != nil && f.Bytes != nil && *f.Bytes > 0 {
		return []string{"lost " + f.Connection.Src.String()}
	}
	return nil
}

// headerFacts are what headers tell of a transfer.
func headerFacts(t *record.Transfer) string {
	return fmt.Sprint(t.Mode, " ", t.Initiator, " ", t.Connection.State, " ", count(t.Bytes))
}

func count(n *uint64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}
