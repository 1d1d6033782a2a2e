package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// visitors numbers the clients of sessions that were sent.
var visitors atomic.Uint32

// visit is a sample with one session, which ends, as another client's each time. Its passive port is its own, too: many
// sessions that wait for one endpoint are more than a matcher keeps apart.
type visit struct {
	t      *testing.T
	wire   *wire
	frames []frame
}

const half = 10 // frames, before the login

func (l *lab) visit(pair int) *visit {
	l.t.Helper()
	s := &sample{files: []string{filepath.Join(pcaps, "upload-php.pcap")}, wires: 1}
	s.read(l.t)
	n := visitors.Add(1)
	client := binary.BigEndian.AppendUint32(nil, 10<<24|n)
	announced, ours := []byte("192,0,2,21,128,207"), fmt.Appendf(nil, "192,0,2,21,%d,%d", 128+n/100%100, 100+n%100)
	passive, port := []byte{128, 207}, []byte{byte(128 + n/100%100), byte(100 + n%100)}
	s.frames = slices.DeleteFunc(s.frames, func(f frame) bool { return !f.passes })
	for _, f := range s.frames {
		for _, address := range [][]byte{f.data[14+12 : 14+16], f.data[14+16 : 14+20]} {
			if !bytes.Equal(address, []byte{192, 0, 2, 21}) {
				copy(address, client)
			}
		}
		for _, end := range [][]byte{f.data[14+20 : 14+22], f.data[14+22 : 14+24]} {
			if bytes.Equal(end, passive) {
				copy(end, port)
			}
		}
		if at := bytes.Index(f.data, announced); at >= 0 {
			copy(f.data[at:], ours)
		}
	}
	return &visit{t: l.t, wire: l.wires[pair], frames: s.frames}
}

// send puts n frames on the wire, those that come next; 0: all. They have come when it returns.
func (v *visit) send(n int) {
	v.t.Helper()
	if n == 0 {
		n = len(v.frames)
	}
	require.NoError(v.t, v.wire.ready())
	for _, f := range v.frames[:n] {
		require.NoError(v.t, v.wire.send(f.data))
	}
	v.frames = v.frames[n:]
}

// send sends a whole session.
func (l *lab) send(pair int) {
	l.t.Helper()
	l.visit(pair).send(0)
}

// told is what of a record the tests look at.
type told struct {
	Type    string
	ID      int
	Open    bool
	Closing string
	Packets int
	Capture struct {
		Dropped int `json:"dropped_packets"`
	}
	Sessions int
}

// parse reads whole lines.
func parse(t *testing.T, text string) []told {
	t.Helper()
	var list []told
	require.True(t, text == "" || strings.HasSuffix(text, "\n"), "a whole line: %q", text)
	for line := range strings.Lines(text) {
		var r told
		require.NoError(t, json.Unmarshal([]byte(line), &r), line)
		list = append(list, r)
	}
	return list
}

// sessionsIn are how many records of ended sessions a file has.
func sessionsIn(path string) int {
	b, _ := os.ReadFile(path)
	return strings.Count(string(b), `"type":"session"`) - strings.Count(string(b), `"open":true`)
}

func testDropsPrivileges(t *testing.T) {
	tests := []struct {
		name     string
		args     []string
		uid, gid int
	}{
		{"nobody", nil, nobody, nobody},
		{"two workers", []string{"--workers", "2"}, nobody, nobody},
		{"user", []string{"--user", "daemon"}, 1, 1},
		{"numbers", []string{"--user", "1234:4321"}, 1234, 4321},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lab := newLab(t, 1)
			require.NoError(t, os.Chown(lab.folder, test.uid, test.gid))
			out := filepath.Join(lab.folder, "records.jsonl")
			s := start(t, append(test.args, "-i", "b0", "-o", "json="+out)...)
			lab.send(0)
			eventually(t, "the session's record", func() bool { return sessionsIn(out) == 1 })

			threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", s.cmd.Process.Pid))
			require.NoError(t, err)
			require.NotEmpty(t, threads)
			ids := func(id int) string { return fmt.Sprintf("%d %[1]d %[1]d %[1]d", id) }
			for _, thread := range threads {
				status, err := procStatus(thread)
				require.NoError(t, err)
				got := map[string]string{}
				for _, key := range []string{"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs"} {
					got[key] = status[key]
				}
				const none = "0000000000000000"
				require.Equal(t, map[string]string{
					"Uid": ids(test.uid), "Gid": ids(test.gid), "Groups": fmt.Sprint(test.gid),
					"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none, "NoNewPrivs": "1",
				}, got)
			}
			var owner syscall.Stat_t
			require.NoError(t, syscall.Stat(out, &owner))
			require.Equal(t, []int{test.uid, test.gid}, []int{int(owner.Uid), int(owner.Gid)})
			s.stop(t)
			require.Empty(t, s.errs.String())
		})
	}
}

// Nobody may sniff who has the one right, by setcap or systemd's AmbientCapabilities.
func testWithoutRoot(t *testing.T) {
	lab := newLab(t, 1)
	out := filepath.Join(lab.folder, "records.jsonl")
	s := prepare("-i", "b0", "-o", "json="+out)
	const netRaw = 13 // CAP_NET_RAW
	s.cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, AmbientCaps: []uintptr{netRaw},
	}
	s.begin(t)
	status, err := procStatus(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	require.NoError(t, err)
	require.Equal(t, "0000000000000000", status["CapPrm"])
	lab.send(0)
	s.stop(t)
	require.Equal(t, 1, sessionsIn(out))
}

func testRefuses(t *testing.T) {
	tests := []struct {
		name string
		args []string
		user int
		code int
		says string
	}{
		{"no right", []string{"-i", "b0"}, nobody, exitRead, "ftpscope: error: b0: sniffing needs the right to open raw sockets\n" +
			"ftpscope: hint: sudo ftpscope sniff -i b0, or once: sudo setcap cap_net_raw+ep $(which ftpscope)\n"},
		{"no such interface", []string{"-i", "b7"}, 0, exitRead, "ftpscope: error: b7: no such interface\n" +
			"ftpscope: hint: interfaces here: lo, b0, a0 (ftpscope interfaces)\n"},
		{"down", []string{"-i", "b0", "-i", "off"}, 0, exitRead, "ftpscope: error: off: the interface is down\n"},
		{"any and another", []string{"-i", "any", "-i", "b0"}, 0, exitRead,
			"ftpscope: error: any: stands for every interface: name no others beside it\n"},
		{"no such user", []string{"-i", "b0", "--user", "nosuchuser"}, 0, exitRead, "ftpscope: error: --user: no user \"nosuchuser\"\n"},
		{"folder of root", []string{"-i", "b0", "-o", "json=ROOTS/records.jsonl"}, 0, exitRead,
			"ftpscope: error: ROOTS: user nobody cannot write here: permission denied\nftpscope: hint: --user NAME, or another folder\n"},
		{"no interface", nil, 0, exitUsage, "ftpscope: error: no interface named: -i INTERFACE (ftpscope interfaces lists them)\n" +
			"ftpscope: hint: ftpscope sniff --help\n"},
		{"tiny ring", []string{"-i", "b0", "--ring-size", "64KiB"}, 0, exitUsage,
			"ftpscope: error: --ring-size takes 128KiB to 4GiB, got 64KiB\nftpscope: hint: ftpscope sniff --help\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lab := newLab(t, 1)
			if test.name == "down" {
				require.NoError(t, ip("link add off type veth peer name off1\n"))
			}
			roots := filepath.Join(filepath.Dir(lab.folder), "roots")
			require.NoError(t, os.Mkdir(roots, 0o755))
			for i := range test.args {
				test.args[i] = strings.ReplaceAll(test.args[i], "ROOTS", roots)
			}
			s := prepare(test.args...)
			if test.user != 0 {
				s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(test.user), Gid: uint32(test.user)}}
			}
			require.NoError(t, s.launch())
			code, err := s.wait()
			require.NoError(t, err)
			require.Equal(t, strings.ReplaceAll(test.says, "ROOTS", roots), s.errs.String())
			require.Equal(t, test.code, code)
			require.Empty(t, s.out.String())
		})
	}
}

// A signal ends it well, in the middle of a session too.
func testEnds(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			lab := newLab(t, 1)
			s := start(t, "-i", "b0", "-o", "json")
			lab.visit(0).send(half)
			require.NoError(t, s.signal(sig))
			code, err := s.wait()
			require.NoError(t, err)
			require.Equal(t, exitDone, code)
			list := parse(t, s.out.String())
			require.Len(t, list, 2)
			require.Equal(t, "session cut", list[0].Type+" "+list[0].Closing)
			require.Equal(t, "summary", list[1].Type)
			require.Equal(t, []int{half, 1, 0}, []int{list[1].Packets, list[1].Sessions, list[1].Capture.Dropped})
			require.Empty(t, s.errs.String())
		})
	}
	t.Run("packets", func(t *testing.T) {
		lab := newLab(t, 1)
		s := start(t, "-i", "b0", "-o", "json", "-c", "7")
		lab.visit(0).send(half)
		code, err := s.wait()
		require.NoError(t, err)
		require.Equal(t, exitDone, code)
		list := parse(t, s.out.String())
		require.Equal(t, 7, list[len(list)-1].Packets)
	})
	t.Run("duration", func(t *testing.T) {
		newLab(t, 1)
		began := time.Now()
		s := start(t, "-i", "b0", "-o", "json", "--duration", "1s")
		code, err := s.wait()
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(began), time.Second)
		require.Equal(t, exitDone, code)
		require.Equal(t, "summary", parse(t, s.out.String())[0].Type)
	})
}

// The second signal ends it though its output is stuck.
func testSecondSignal(t *testing.T) {
	lab := newLab(t, 1)
	unread, stuck, err := os.Pipe()
	require.NoError(t, err)
	defer unread.Close()
	const setPipeSize = 1031 // F_SETPIPE_SZ
	_, _, errno := syscall.Syscall(syscall.SYS_FCNTL, stuck.Fd(), setPipeSize, 4096)
	require.Zero(t, errno)
	_, err = stuck.Write(make([]byte, 4096))
	require.NoError(t, err)
	s := prepare("-i", "b0", "-o", "json")
	s.cmd.Stdout = stuck
	s.begin(t)
	require.NoError(t, stuck.Close())
	lab.visit(0).send(half)
	require.NoError(t, s.signal(os.Interrupt))
	for {
		time.Sleep(100 * time.Millisecond) // two at once would be one
		if s.signal(os.Interrupt) != nil {
			break
		}
	}
	code, err := s.wait()
	require.NoError(t, err)
	require.Equal(t, 130, code)
}

// logrotate moves the file away and sends SIGHUP.
func testReopens(t *testing.T) {
	lab := newLab(t, 1)
	out := filepath.Join(lab.folder, "records.jsonl")
	s := start(t, "-i", "b0", "-o", "json="+out)
	lab.send(0)
	eventually(t, "the first record", func() bool { return sessionsIn(out) == 1 })
	require.NoError(t, os.Rename(out, out+".1"))
	require.NoError(t, s.signal(syscall.SIGHUP))
	for anew := false; !anew; { // the signal comes in its own time
		had := sessionsIn(out) + sessionsIn(out+".1")
		lab.send(0)
		eventually(t, "the next record", func() bool { return sessionsIn(out)+sessionsIn(out+".1") > had })
		_, err := os.Stat(out)
		anew = err == nil
	}
	s.stop(t)
	list := parse(t, read(t, out))
	require.Equal(t, "summary", list[len(list)-1].Type)
	for _, r := range parse(t, read(t, out+".1")) {
		require.Equal(t, "session", r.Type)
	}
	require.Equal(t, list[len(list)-1].Sessions, sessionsIn(out)+sessionsIn(out+".1"))
	require.Empty(t, s.errs.String())
}

func testInterval(t *testing.T) {
	lab := newLab(t, 1)
	out := filepath.Join(lab.folder, "records.jsonl")
	s := start(t, "-i", "b0", "--interval", "1s", "-o", "json="+out, "-o", "table")
	client := lab.visit(0)
	client.send(half)
	eventually(t, "snapshots", func() bool { return strings.Count(read(t, out), `"open":true`) >= 2 })
	eventually(t, "the table's", func() bool { return strings.Contains(s.out.String(), "goes on") })
	client.send(0)
	eventually(t, "the end", func() bool { return sessionsIn(out) == 1 })
	s.stop(t)
	for _, r := range parse(t, read(t, out)) {
		switch {
		case r.Type != "session":
			require.Equal(t, 1, r.Sessions)
		case r.Open:
			require.Zero(t, r.ID, "it has no number yet")
		default:
			require.Equal(t, "quit", r.Closing)
		}
	}
	require.Empty(t, s.errs.String())
}

// Nobody reads any more: like head -1.
func testClosedPipe(t *testing.T) {
	lab := newLab(t, 1)
	reads, writes, err := os.Pipe()
	require.NoError(t, err)
	s := prepare("-i", "b0", "-o", "json")
	s.cmd.Stdout = writes
	s.begin(t)
	require.NoError(t, writes.Close())
	lab.send(0)
	_, err = io.ReadFull(reads, make([]byte, 100))
	require.NoError(t, err)
	require.NoError(t, reads.Close())
	lab.send(0)
	code, err := s.wait()
	require.NoError(t, err)
	require.Equal(t, exitDone, code)
	require.Empty(t, s.errs.String())
}
