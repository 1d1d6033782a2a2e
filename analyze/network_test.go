package analyze_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/pick"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// tagged puts frames into VLANs, each direction into its own.
func tagged(frames []capturetest.Frame, out, in []uint16) []capturetest.Frame {
	return capturetest.VLANs(out, in).Wrap(frames)
}

func in(ids ...uint16) []uint16 { return ids }

// seenIn are ways to see one conversation in networks; what is said of it is always the
// same.
var seenIn = []struct {
	name    string
	network string // of the sessions
	do      func(f []capturetest.Frame) []capturetest.Frame
}{
	{"one VLAN", "VLAN 10", func(f []capturetest.Frame) []capturetest.Frame { return tagged(f, in(10), in(10)) }},
	{"two tags", "VLAN 10, VLAN 20", func(f []capturetest.Frame) []capturetest.Frame { return tagged(f, in(10, 20), in(10, 20)) }},
	{"a priority", "", func(f []capturetest.Frame) []capturetest.Frame { return tagged(f, in(0), in(0)) }},
	{"each direction in a VLAN of its own", "VLAN 10 and VLAN 20", func(f []capturetest.Frame) []capturetest.Frame { return tagged(f, in(10), in(20)) }},
	{"one direction in a VLAN", "VLAN 10 and untagged", func(f []capturetest.Frame) []capturetest.Frame { return tagged(f, in(10), nil) }},
	{"the other direction in a VLAN", "untagged and VLAN 10", func(f []capturetest.Frame) []capturetest.Frame { return tagged(f, nil, in(10)) }},
	{"copies in another VLAN", "VLAN 10 and VLAN 20", func(f []capturetest.Frame) []capturetest.Frame {
		return capturetest.Interleave(tagged(f, in(10), in(10)), tagged(f, in(20), in(20)))
	}},
	{"late copies", "VLAN 10 and VLAN 20", func(f []capturetest.Frame) []capturetest.Frame {
		return capturetest.Interleave(tagged(f, in(10), in(10)), capturetest.Shift(tagged(f, in(20), in(20)), 300*flow.Microsecond))
	}},
	{"copies before and after a router", "VLAN 10 and VLAN 20", func(f []capturetest.Frame) []capturetest.Frame {
		return capturetest.Interleave(tagged(f, in(10), in(20)), capturetest.Shift(tagged(f, in(20), in(10)), 20*flow.Microsecond))
	}},
	{"copies of one direction", "VLAN 10 and VLAN 20", func(f []capturetest.Frame) []capturetest.Frame {
		return capturetest.Interleave(tagged(f, in(10), in(10)), tagged(capturetest.OneSided(f, flow.In), in(20), in(20)))
	}},
	{"three copies", "untagged and VLAN 20 and VLAN 30, VLAN 20", func(f []capturetest.Frame) []capturetest.Frame {
		return capturetest.Interleave(tagged(f, nil, nil), tagged(f, in(20), in(20)), tagged(f, in(30, 20), in(30, 20)))
	}},
}

// TestSeenInNetworks sees conversations in networks in all ways, with one worker and with
// several.
func TestSeenInNetworks(t *testing.T) {
	for _, c := range varied {
		frames := c.Frames(t)
		want := unplaced(t, recordsOf(t, pcapOf(frames)))
		for _, way := range seenIn {
			t.Run(c.Name+"/"+way.name, func(t *testing.T) {
				seen := way.do(frames)
				if d := differences(want, unplaced(t, recordsOf(t, pcapOf(seen)))); d != "" {
					t.Error(d)
				}
				one := analyzetest.Analyzed(t, seen, analyze.Options{Dialogue: true})
				require.Equal(t, one, analyzetest.Analyzed(t, seen, analyze.Options{Dialogue: true, Workers: 8}))
				for _, s := range one.Sessions {
					require.Equal(t, way.network, nameOf(s.Network))
					for i := range s.Transfers {
						if x := s.Transfers[i].Connection; x != nil {
							require.Nil(t, x.Network, "as the session's")
						}
					}
				}
				merged := analyzetest.Analyzed(t, seen, analyze.Options{MergeNetworks: true})
				for _, s := range merged.Sessions {
					require.Nil(t, s.Network)
				}
			})
		}
	}
}

// TestSamplesInNetworks sees the sample captures in networks, in those ways that are the
// hardest to see through.
func TestSamplesInNetworks(t *testing.T) {
	for _, file := range sampleCaptures(t) {
		if filepath.Ext(file) != ".pcap" {
			continue
		}
		frames, err := capturetest.ReadPcap(file)
		require.NoError(t, err)
		frames = capturetest.WithIP(frames)
		want := unplaced(t, recordsOf(t, pcapOf(tagged(frames, nil, nil))))
		for _, way := range seenIn {
			if way.name != "each direction in a VLAN of its own" && way.name != "copies before and after a router" {
				continue
			}
			if filepath.Base(file) == "data-cut-421.pcap" && way.name == "copies before and after a router" {
				continue // among copies it is unknown what was sent again, and so why it stalled
			}
			if d := differences(want, unplaced(t, recordsOf(t, pcapOf(way.do(frames))))); d != "" {
				t.Errorf("%s, %s:\n%s", filepath.Base(file), way.name, d)
			}
		}
	}
}

// unplaced takes out what says where records were seen.
func unplaced(t *testing.T, records []string) []string {
	var out []string
	for _, r := range records {
		var v any
		require.NoError(t, json.Unmarshal([]byte(r), &v))
		clean, err := json.MarshalIndent(withoutNetworks(v), "", " ")
		require.NoError(t, err)
		out = append(out, string(clean))
	}
	return out
}

func nameOf(n *record.Network) string {
	var names []string
	if n != nil {
		for _, p := range n.Paths {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, " and ")
}

// Captures that begin in the middle of a conversation whose directions are tagged
// differently.
func TestSeenInNetworksLate(t *testing.T) {
	frames := analyzetest.Conversation{Script: "login\n" + analyzetest.Passed("RETR a", "9000") + "port\nC: RETR b\nS: 150 here\ndata d2 S:20 > C:50000\nd2> 300 fin\nS: 226 done\nbye"}.Frames(t)
	for from := range 24 {
		late := frames[from:]
		want := unplaced(t, recordsOf(t, pcapOf(late)))
		got := unplaced(t, recordsOf(t, pcapOf(tagged(late, in(10), in(20)))))
		if d := differences(want, got); d != "" {
			t.Errorf("from packet %d:\n%s", from, d)
		}
	}
}

// twoNetworks are two conversations of the same addresses, ports and times, each in its
// own network.
func twoNetworks(t *testing.T, wrap func(i int, f []capturetest.Frame) []capturetest.Frame) []capturetest.Frame {
	script := "seed %s\nS: 220 ready\nC: USER %s\nS: 331 password\nC: PASS x\nS: 230 in\nport\nC: RETR %s\nS: 150 here\n" +
		"data d1 S:20 > C:50000\nd1> %d fin\nS: 226 done\npasv\nC: RETR two\ndata d2 C:40000 > S:50000\nS: 150 here\nd2< %d fin\nS: 226 done\nbye"
	var lists [][]capturetest.Frame
	for i, name := range []string{"red", "blue"} {
		c := analyzetest.Conversation{Script: fmt.Sprintf(script, name, name, name, 1000*(i+1), 5000*(i+1))}
		lists = append(lists, wrap(i, c.Frames(t)))
	}
	return capturetest.Interleave(lists...)
}

// Two networks that use the same addresses are told apart, at the same time, with any
// number of workers.
func TestTwoNetworks(t *testing.T) {
	vlan := func(i int, f []capturetest.Frame) []capturetest.Frame {
		return tagged(f, in(uint16(10+i)), in(uint16(10+i)))
	}
	asymmetric := func(i int, f []capturetest.Frame) []capturetest.Frame {
		return tagged(f, in(uint16(10+i)), in(uint16(20+i)))
	}
	plain := func(i int, f []capturetest.Frame) []capturetest.Frame {
		if i == 0 {
			return tagged(f, nil, nil)
		}
		return vlan(i, f)
	}
	copied := func(i int, f []capturetest.Frame) []capturetest.Frame {
		return capturetest.Interleave(vlan(i, f), tagged(f, in(uint16(20+i)), in(uint16(20+i))))
	}
	for name, wrap := range map[string]func(int, []capturetest.Frame) []capturetest.Frame{
		"VLANs": vlan, "directions in VLANs of their own": asymmetric, "one untagged": plain, "copies": copied,
	} {
		t.Run(name, func(t *testing.T) {
			frames := twoNetworks(t, wrap)
			for _, workers := range []int{1, 8} {
				r := analyzetest.Analyzed(t, frames, analyze.Options{Workers: workers})
				require.Len(t, r.Sessions, 2)
				require.Empty(t, r.Orphans)
				for i, s := range r.Sessions {
					require.Equal(t, []string{"red", "blue"}[i], *s.User)
					require.Len(t, s.Transfers, 2)
					require.Equal(t, []string{"red", "blue"}[i], *s.Transfers[0].Argument)
					for n, bytes := range []uint64{1000, 5000} {
						require.Equal(t, bytes*uint64(i+1), *s.Transfers[n].Bytes)
						require.Equal(t, record.OK, s.Transfers[n].Outcome)
						require.Equal(t, 1, s.Transfers[n].Connection.Attempts)
						require.Zero(t, *s.Transfers[n].MissingBytes)
					}
					for _, f := range s.Findings {
						require.Contains(t, []string{"cleartext-credentials"}, f.ID, f.Message)
					}
				}
				require.NotEqual(t, nameOf(r.Sessions[0].Network), nameOf(r.Sessions[1].Network))
			}
		})
	}
}

// Routers that share the load among links tag connections of the same hosts differently:
// what an offer asks for is taken from another network if there is nothing of it in its
// own.
func TestLoadShared(t *testing.T) {
	for _, c := range varied {
		if c.Name == "TLS" {
			continue // no offer can be read
		}
		t.Run(c.Name, func(t *testing.T) {
			frames := c.Frames(t)
			shared := capturetest.Interleave(tagged(controlOnly(frames), in(10), in(10)), tagged(dataOnly(frames), in(20), in(20)))
			want := unplaced(t, recordsOf(t, pcapOf(frames)))
			if d := differences(want, unplaced(t, recordsOf(t, pcapOf(shared)))); d != "" {
				t.Error(d)
			}
			r := analyzetest.Analyzed(t, shared, analyze.Options{})
			require.Equal(t, r, analyzetest.Analyzed(t, shared, analyze.Options{Workers: 8}))
			for _, s := range r.Sessions {
				for i := range s.Transfers {
					if x := s.Transfers[i].Connection; x != nil {
						require.Equal(t, "VLAN 20", nameOf(x.Network))
					}
				}
			}
		})
	}
}

// What another network's session has a use for is not taken, though an offer in this
// network asks for the same.
func TestNotTheNeighbours(t *testing.T) {
	for _, data := range []string{"data d1 S:20 > C:50000", "data d1 S:20 > C:50000 unanswered 2"} {
		script := "seed %s\nS: 220 ready\nC: USER %s\nS: 331 password\nC: PASS x\nS: 230 in\nport\nC: RETR a\nS: 150 here\n%swait 20s\nS: %s\nbye"
		red := analyzetest.Conversation{Script: fmt.Sprintf(script, "red", "red", data+"\n", "226 done")}.Frames(t)
		blue := analyzetest.Conversation{Script: fmt.Sprintf(script, "blue", "blue", "", "425 no")}.Frames(t)
		r := analyzetest.Analyzed(t, capturetest.Interleave(tagged(red, in(10), in(10)), tagged(blue, in(20), in(20))), analyze.Options{})
		require.Len(t, r.Sessions, 2)
		require.NotNil(t, r.Sessions[0].Transfers[0].Connection)
		require.Nil(t, r.Sessions[1].Transfers[0].Connection)
		require.Empty(t, r.Orphans)
	}
}

// A data connection whose session is of another network, and has its own, is an orphan.
func TestOrphanOfANetwork(t *testing.T) {
	script := "seed %s\nlogin\nport\nC: RETR a\nS: 150 here\ndata d1 S:20 > C:50000\nd1> 700 fin\nS: 226 done\nbye"
	red := analyzetest.Conversation{Script: fmt.Sprintf(script, "red")}.Frames(t)
	blue := dataOnly(analyzetest.Conversation{Script: fmt.Sprintf(script, "blue")}.Frames(t))
	r := analyzetest.Analyzed(t, capturetest.Interleave(tagged(red, in(10), in(10)), tagged(blue, in(20), in(20))), analyze.Options{})
	require.Len(t, r.Sessions, 1)
	require.Nil(t, r.Sessions[0].Transfers[0].Connection.Network)
	require.Len(t, r.Orphans, 1)
	require.Equal(t, "VLAN 20", nameOf(r.Orphans[0].Connection.Network))
}

// counted is a PacketWriter that counts.
type counted struct{ packets int }

func (c *counted) WritePacket(int, *capture.Packet, ...string) error { c.packets++; return nil }

// The evidence of sessions in networks is whole: one connection's end is not that of its
// namesake, and copies are kept.
func TestEvidenceOfNetworks(t *testing.T) {
	red := analyzetest.Conversation{Script: "seed red\nlogin\nbye"}.Frames(t)
	blue := analyzetest.Conversation{Script: "seed blue\nlogin\nwait 30s\nC: NOOP\nS: 200 ok\nwait 30s\n" + analyzetest.Passed("RETR a", "9000") + "bye"}.Frames(t)
	blue = capturetest.Interleave(tagged(blue, in(20), in(30)), tagged(blue, in(40), in(40)))
	frames := capturetest.Interleave(tagged(red, in(10), in(10)), blue)
	for _, workers := range []int{1, 8} {
		out := &counted{}
		k := pick.NewKeeper(out, pick.KeeperOptions{})
		analyzetest.Analyzed(t, frames, analyze.Options{Workers: workers, Evidence: k})
		k.Flush()
		require.Equal(t, len(frames), out.packets)
	}
}

// A brute force is one network's: failed logins at the same address in others do not add
// up.
func TestSeriesInNetworks(t *testing.T) {
	for name, test := range map[string]struct {
		networks uint16
		opt      analyze.Options
		want     int
	}{
		"one network": {1, analyze.Options{}, 1}, "three networks": {3, analyze.Options{}, 0}, "merged": {3, analyze.Options{MergeNetworks: true}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var all []capturetest.Frame
			for i := range uint16(9) {
				c := analyzetest.Conversation{Script: fmt.Sprintf("client 192.0.2.10:%d\nseed s%d\nS: 220 a\nC: USER eve\nS: 331 p\nC: PASS %d\nS: 530 no\nbye", 50000+i, i, i)}
				id := 10 + i%test.networks
				all = append(all, tagged(capturetest.Shift(c.Frames(t), flow.Time(i)*flow.Second), in(id), in(id))...)
			}
			n := 0
			for _, s := range analyzetest.Analyzed(t, all, test.opt).Sessions {
				for _, f := range s.Findings {
					if f.ID == "brute-force" {
						n++
					}
				}
			}
			require.Equal(t, test.want, n)
		})
	}
}

// Attempts are counted by network.
func TestAttemptsInNetworks(t *testing.T) {
	frames := analyzetest.Conversation{Script: "open unanswered 3"}.Frames(t)
	r := analyzetest.Analyzed(t, capturetest.Interleave(tagged(frames, in(10), in(10)), tagged(analyzetest.Conversation{Script: "seed x\nopen refused"}.Frames(t), in(20), in(20))), analyze.Options{})
	require.Len(t, r.Attempts, 2)
	require.Equal(t, []string{"VLAN 10", "VLAN 20"}, []string{nameOf(r.Attempts[0].Network), nameOf(r.Attempts[1].Network)})
	require.Equal(t, []int{3, 1}, []int{r.Attempts[0].Count, r.Attempts[1].Count})
	copied := analyzetest.Analyzed(t, capturetest.Interleave(tagged(frames, in(10), in(10)), tagged(frames, in(20), in(20))), analyze.Options{})
	require.Len(t, copied.Attempts, 1)
	require.Equal(t, 3, copied.Attempts[0].Count, "SYNs, not their copies")
	require.Equal(t, "VLAN 10 and VLAN 20", nameOf(copied.Attempts[0].Network))
}

// files analyzes several captures together.
func files(t *testing.T, opt analyze.Options, parts ...[]capturetest.Frame) *analyzetest.Records {
	t.Helper()
	var names []string
	for i, data := range pcapOf(parts...) {
		name := filepath.Join(t.TempDir(), fmt.Sprintf("%d.pcap", i))
		require.NoError(t, os.WriteFile(name, data, 0o600))
		names = append(names, name)
	}
	return analyzetest.Collect(t, opt, nil, names...)
}

// dataOnly keeps the data connections, controlOnly the others.
func dataOnly(f []capturetest.Frame) []capturetest.Frame {
	var out []capturetest.Frame
	for _, x := range f {
		if strings.HasPrefix(x.Conn, "d") {
			out = append(out, x)
		}
	}
	return out
}

func controlOnly(f []capturetest.Frame) []capturetest.Frame {
	var out []capturetest.Frame
	for _, x := range f {
		if !strings.HasPrefix(x.Conn, "d") {
			out = append(out, x)
		}
	}
	return out
}

// A capture inside and one outside of a NAT: what only one of them holds is not the other
// one's.
func TestTwoPoints(t *testing.T) {
	script := "step 10ms\nclient %s:51234\nlogin\nC: PASV\nS: 227 ok (192,0,2,21,195,80)\nC: RETR a\ndata d1 %s:40000 > S:50000\nS: 150 here\nd1< 5000 fin\nS: 226 done\nwait 2s\nbye"
	inside := analyzetest.Conversation{Script: fmt.Sprintf(script, "10.0.0.5", "10.0.0.5")}.Frames(t)
	outside := capturetest.Shift(analyzetest.Conversation{Script: "seed o\n" + fmt.Sprintf(script, "203.0.113.9", "203.0.113.9")}.Frames(t), flow.Millisecond)

	both := files(t, analyze.Options{}, inside, outside)
	require.Len(t, both.Sessions, 2)
	for _, s := range both.Sessions {
		require.Equal(t, record.Client, s.Transfers[0].Initiator)
		require.Equal(t, s.Client.Addr(), s.Transfers[0].Connection.Src.Addr())
	}

	apart := files(t, analyze.Options{}, controlOnly(inside), dataOnly(outside))
	require.Len(t, apart.Sessions, 1)
	x := apart.Sessions[0].Transfers[0]
	require.Nil(t, x.Connection)
	require.Equal(t, record.None, x.Initiator)
	require.NotContains(t, ruleIDs(apart), "third-party-data-connection")

	require.Empty(t, apart.Orphans, "it is none by its ports")

	merged := files(t, analyze.Options{MergeNetworks: true}, controlOnly(inside), dataOnly(outside))
	require.Equal(t, record.ThirdParty, merged.Sessions[0].Transfers[0].Initiator)
	require.Contains(t, ruleIDs(merged), "third-party-data-connection")
}

// A connection from port 20 that only the other capture holds is an orphan.
func TestOrphanOfAnotherPoint(t *testing.T) {
	c := analyzetest.Conversation{Script: "step 10ms\nlogin\nport\nC: RETR a\nS: 150 here\ndata d1 S:20 > C:50000\nd1> 700 fin\nS: 226 done\nwait 2s\nbye"}
	frames := c.Frames(t)
	for _, workers := range []int{1, 8} {
		r := files(t, analyze.Options{Workers: workers}, controlOnly(frames), dataOnly(frames))
		require.Nil(t, r.Sessions[0].Transfers[0].Connection)
		require.Len(t, r.Orphans, 1)
		require.Equal(t, uint64(700), r.Orphans[0].Bytes)
	}
	r := files(t, analyze.Options{MergeNetworks: true}, controlOnly(frames), dataOnly(frames))
	require.NotNil(t, r.Sessions[0].Transfers[0].Connection)
	require.Empty(t, r.Orphans)
}

// Files of one point belong together: a set that was written in turns, and a tap's, one
// for each direction.
func TestOnePoint(t *testing.T) {
	c := analyzetest.Conversation{Script: "step 10ms\nlogin\n" + analyzetest.Passed("RETR a", "9000") + "wait 2s\n" +
		"C: PASV\nS: 227 ok (192,0,2,21,195,81)\nC: RETR b\ndata d2 C:40001 > S:50001\nS: 150 here\nd2< 3000 fin\nS: 226 done\nbye"}
	frames := c.Frames(t)
	want := files(t, analyze.Options{}, frames).Sessions[0]
	for name, parts := range map[string][][]capturetest.Frame{
		"in turns":                 capturetest.Rotate(frames, 7),
		"one direction each":       {capturetest.OneSided(frames, flow.Out), capturetest.OneSided(frames, flow.In)},
		"the same packets in both": {frames, frames},
	} {
		t.Run(name, func(t *testing.T) {
			for _, workers := range []int{1, 8} {
				r := files(t, analyze.Options{Workers: workers}, parts...)
				require.Len(t, r.Sessions, 1)
				require.Len(t, r.Sessions[0].Transfers, 2)
				for i := range want.Transfers {
					require.Equal(t, want.Transfers[i].Initiator, r.Sessions[0].Transfers[i].Initiator)
					require.Equal(t, want.Transfers[i].Bytes, r.Sessions[0].Transfers[i].Bytes)
				}
			}
		})
	}
}

func ruleIDs(r *analyzetest.Records) (ids []string) {
	for _, s := range r.Sessions {
		for _, f := range s.Findings {
			ids = append(ids, f.ID)
		}
	}
	return ids
}
