package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/capture"
	"ftpscope/capture/flow"
)

// frame is a packet of a sample as the interface shows it.
type frame struct {
	wire int // pair of interfaces
	at   flow.Time
	data []byte
	// passes is whether the sniffer's kernel filter lets it pass.
	passes bool
}

// sample is one capture, or several that belong together, to be replayed.
type sample struct {
	name    string
	files   []string
	workers string
	wires   int
	frames  []frame
	folder  string
	sent    []flow.Time // when each frame was
	got     string
	kept    string // the file of -w
	err     error
}

// testReplay sends every sample through a pair of interfaces, at its own pace and all at once, as well as the machine can.
// What is sniffed is what a file says whose packets have the times at which they were sent.
func testReplay(t *testing.T) {
	list := replaySamples(t)
	var done sync.WaitGroup
	for _, s := range list {
		done.Go(func() { s.got, s.err = s.sniffed() })
	}
	done.Wait()
	for _, s := range list {
		t.Run(s.name+"/"+s.workers, func(t *testing.T) {
			require.NoError(t, s.err)
			got := withoutPace(plainRecords(t, s.got))
			want := byTexts(onLink(withoutPace(plainRecords(t, s.reference(t, s.sent)))))
			onItsLink := byTexts(onLink(got))
			if s.wires > 1 { // "this is session 1, captured on the other side": which of the two ended first is chance
				want, onItsLink = otherSide.ReplaceAllString(want, ""), otherSide.ReplaceAllString(onItsLink, "")
			}
			requireSame(t, want, onItsLink)
			if s.wires == 1 {
				requireSame(t, withoutSums(inOrder(t, link.ReplaceAllString(s.got, ""))), withoutSums(inOrder(t, rendered(t, "json", "1", s.kept))))
			}
			if len(s.files) == 1 {
				original, asBefore := rendered(t, "json", "1", s.files[0]), make([]flow.Time, len(s.frames))
				for i := range s.frames {
					asBefore[i] = s.frames[i].at
				}
				requireSame(t, withoutNumbers(plainRecords(t, original)), withoutNumbers(plainRecords(t, s.reference(t, asBefore))))
			}
		})
	}
}

func replaySamples(t *testing.T) []*sample {
	files, err := filepath.Glob(filepath.Join(pcaps, "*.pcap*"))
	require.NoError(t, err)
	groups := map[string]*sample{}
	var list []*sample
	part := regexp.MustCompile(`-[0-9]\.pcap`)
	for _, f := range files {
		name := part.ReplaceAllString(filepath.Base(f), ".pcap")
		s := groups[name]
		if s == nil {
			s = &sample{name: name, workers: "1", wires: 1}
			groups[name] = s
			list = append(list, s)
		}
		s.files = append(s.files, f)
	}
	groups["alg-both-sides.pcap"].wires = 2
	for i, s := range list {
		s.folder, err = nobodysFolder(t.TempDir())
		require.NoError(t, err)
		s.read(t)
		if i%4 == 0 {
			again := *s
			again.workers = "2"
			again.folder, err = nobodysFolder(t.TempDir())
			require.NoError(t, err)
			list = append(list, &again)
		}
	}
	return list
}

// read takes the frames from the sample's files. Those that were cut short are sent so.
func (s *sample) read(t *testing.T) {
	c, err := capture.Open(s.files, capture.Options{})
	require.NoError(t, err)
	defer c.Close()
	for {
		batch, err := c.Next()
		for _, p := range batch {
			data := ethernet(p)
			f := frame{at: p.Time, data: data, passes: matters(data)}
			if s.wires > 1 {
				f.wire = p.Pos.File()
			}
			s.frames = append(s.frames, f)
		}
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

// ethernet is a copy of the packet's bytes with an Ethernet header, in place of a cooked one.
func ethernet(p capture.Packet) []byte {
	const sll, sll2 = 113, 276
	header := make([]byte, 12, 14)
	switch p.Link {
	case sll:
		return append(append(header, p.Data[14:16]...), p.Data[16:]...)
	case sll2:
		return append(append(header, p.Data[:2]...), p.Data[20:]...)
	}
	return bytes.Clone(p.Data)
}

// matters tells TCP and ICMP errors from what else is in the samples: ARP, IGMP, neighbour discovery.
func matters(b []byte) bool {
	b = b[12:]
	if tag := binary.BigEndian.Uint16(b); tag == 0x8100 || tag == 0x88a8 {
		b = b[4:] // the receiving kernel takes one tag off before it asks the filter
	}
	switch binary.BigEndian.Uint16(b) {
	case 0x8100:
		return true
	case 0x0800:
		return b[2+9] == 6 || b[2+9] == 1
	case 0x86dd:
		return b[2+6] != 58 || b[2+40] < 128
	}
	return false
}

// sniffed replays the sample in a namespace of its own and returns the JSON records.
func (s *sample) sniffed() (string, error) {
	if err := newNamespace(s.wires); err != nil {
		return "", err
	}
	var wires []*wire
	for i := range s.wires {
		w, err := newWire(i)
		if err != nil {
			return "", err
		}
		defer w.close()
		if err := w.ready(); err != nil {
			return "", err
		}
		wires = append(wires, w)
	}
	out := filepath.Join(s.folder, "records")
	run, err := s.sniffer(out)
	if err != nil {
		return "", err
	}
	if err := errors.Join(s.replay(wires), run.finish()); err != nil {
		return "", err
	}
	s.kept = out + ".pcapng"
	b, err := os.ReadFile(out)
	return string(b), err
}

// sniffer starts one that writes its records to a file.
func (s *sample) sniffer(out string) (*sniffer, error) {
	args := []string{"--ring-size", "1MiB", "--workers", s.workers, "-o", "json=" + out, "-w", out + ".pcapng"}
	for i := range s.wires {
		args = append(args, "-i", fmt.Sprintf("b%d", i))
	}
	run := prepare(args...)
	if err := run.launch(); err != nil {
		return nil, err
	}
	if err := run.ready(); err != nil {
		run.cmd.Process.Kill()
		return nil, err
	}
	return run, nil
}

// finish ends it; it must have had nothing to complain about.
func (s *sniffer) finish() error {
	code, err := s.end()
	if err == nil && (code != exitDone || s.errs.String() != "") {
		err = fmt.Errorf("exit status %d: %s", code, s.errs.String())
	}
	return err
}

// replay sends the frames as they were spaced, longer pauses cut, or as soon after as it can, and notes when.
func (s *sample) replay(wires []*wire) error {
	const longest = 2 * flow.Second
	due, last := time.Now(), s.frames[0].at
	for _, f := range s.frames {
		due, last = due.Add(time.Duration(min(f.at-last, longest))), f.at
		time.Sleep(time.Until(due))
		s.sent = append(s.sent, flow.Time(time.Now().UnixNano()))
		if err := wires[f.wire].send(f.data); err != nil {
			return err
		}
	}
	return nil
}

// wire is a pair of interfaces, of which the first sends and the second receives.
type wire struct {
	name    string // of the sending one
	sender  int    // sockets
	witness int    // what the receiving interface gets, it gets after all that were opened later
	buf     []byte
}

// newWire opens the sockets of a pair, before anybody sniffs: the kernel serves the newest socket first.
func newWire(pair int) (*wire, error) {
	w := &wire{name: fmt.Sprintf("a%d", pair), sender: -1, witness: -1, buf: make([]byte, 1<<17)}
	var err error
	if w.sender, err = packetSocket(w.name, 0); err == nil {
		const all = 0x0300 // ETH_P_ALL, in network byte order
		w.witness, err = packetSocket(fmt.Sprintf("b%d", pair), all)
	}
	if err == nil {
		err = syscall.SetsockoptTimeval(w.witness, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: int64(patient / time.Second)})
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func packetSocket(name string, protocol uint16) (int, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return -1, err
	}
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrLinklayer{Ifindex: i.Index, Protocol: protocol}); err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (w *wire) close() {
	syscall.Close(w.sender)
	syscall.Close(w.witness)
}

// ready waits until the interface takes frames: that its other end is up, the kernel sees in its own time, and until then
// it loses without an error what is sent.
func (w *wire) ready() error {
	for end := time.Now().Add(patient); ; time.Sleep(time.Millisecond) {
		i, err := net.InterfaceByName(w.name)
		if err != nil || i.Flags&net.FlagRunning != 0 {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s does not run", w.name)
		}
	}
}

// send sends a frame as it is, and returns when it has come.
func (w *wire) send(frame []byte) error {
	if _, err := syscall.Write(w.sender, frame); err != nil {
		return err
	}
	for {
		_, err := syscall.Read(w.witness, w.buf)
		if err == nil {
			return nil
		}
		if err != syscall.EINTR && err != syscall.ENETDOWN { // it was down for a while, which is said once
			return fmt.Errorf("%s: the frame did not come: %w", w.name, err)
		}
	}
}

// reference is what analyze says of the frames in files, with these times.
func (s *sample) reference(t *testing.T, at []flow.Time) string {
	files := make([][]byte, s.wires)
	for i := range files {
		files[i] = header(1)
		binary.LittleEndian.PutUint32(files[i], 0xa1b23c4d) // nanoseconds
	}
	for i, f := range s.frames {
		if !f.passes {
			continue
		}
		b := files[f.wire]
		b = binary.LittleEndian.AppendUint32(b, uint32(at[i]/flow.Second))
		b = binary.LittleEndian.AppendUint32(b, uint32(at[i]%flow.Second))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f.data)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f.data)))
		files[f.wire] = append(b, f.data...)
	}
	args := []string{"analyze", "-o", "json"}
	for i, b := range files {
		path := filepath.Join(s.folder, fmt.Sprintf("b%d", i))
		require.NoError(t, os.WriteFile(path, b, 0o644))
		args = append(args, path)
	}
	var out, errs bytes.Buffer
	require.Equal(t, exitDone, run(args, strings.NewReader(""), &out, &errs), errs.String())
	return strings.ReplaceAll(out.String(), s.folder+"/", "")
}

var (
	moments   = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[0-9:.]+Z"`)
	durations = regexp.MustCompile(`\b[0-9.]+ (µs|ms|s)\b`)
	waited    = regexp.MustCompile(` DURATION after [A-Z]+`) // is told from a second on, which is what servers wait
	otherSide = regexp.MustCompile(`,\{"id":"nat-mismatch"[^{}]*\}`)
	ofPace    = regexp.MustCompile(`"(?:duration|rate|rtt_handshake|rtt|zero_window_time|limit)":(?:[0-9.]+|null|"[a-z-]+")|"longest_stall":(?:null|\{[^{}]*\})`)
	rate      = regexp.MustCompile(`("elapsed_seconds"|"packets_per_second"):([0-9.]+|null)`)
)

var recordTypes = []string{"session", "attempt", "orphan", "summary"}

// plainRecords are the records in order, without times.
func plainRecords(t *testing.T, records string) string {
	text := moments.ReplaceAllString(inOrder(t, records), `"TIME"`)
	text = durations.ReplaceAllString(text, `DURATION`)
	text = waited.ReplaceAllString(text, ``)
	return rate.ReplaceAllString(text, `$1:0`)
}

// withoutPace leaves out what tcp makes of times: frames come a little after they are sent. What is sniffed and what is kept
// have the same.
func withoutPace(records string) string {
	return ofPace.ReplaceAllString(records, "PACE")
}

// inOrder sorts and numbers sessions in the order of their first packets.
func inOrder(t *testing.T, records string) string {
	type record struct {
		Type  string
		ID    int
		Start time.Time
		text  string
	}
	var list []record
	for line := range strings.Lines(records) {
		r := record{text: line}
		require.NoError(t, json.Unmarshal([]byte(line), &r), line)
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(x, y record) int {
		return cmp.Or(slices.Index(recordTypes, x.Type)-slices.Index(recordTypes, y.Type), x.Start.Compare(y.Start))
	})
	text := ""
	for i, r := range list {
		if r.Type == "session" {
			r.text = strings.Replace(r.text, fmt.Sprintf(`"id":%d,`, r.ID), fmt.Sprintf(`"id":%d,`, i+1), 1)
		}
		text += r.text
	}
	return text
}

// requireSame shows where records differ.
func requireSame(t *testing.T, want, got string) {
	t.Helper()
	fields := func(s string) []string { return strings.Split(s, `,"`) }
	require.Equal(t, fields(want), fields(got))
}

// What a record says of packets on the link, beside their numbers in the file that is kept; and in texts, and filters.
var (
	link    = regexp.MustCompile(`,"link_(?:frame":\d+|frames":[\[{][^\]}]*[\]}]|interfaces":\{[^}]*\})`)
	ofFile  = regexp.MustCompile(`"frame":\d+,"link_(frame":\d+)|"frames":[\[{][^\]}]*[\]}],"link_(frames":[\[{][^\]}]*[\]}])`)
	ofFiles = regexp.MustCompile(`,"(?:frame_files?|link_interfaces)":(?:\d+|\{[^}]*\}|\[[^\]]*\])`)
	inText  = regexp.MustCompile(`(packets? |frame\.number [<>]= )[0-9:#]+(, ?(…, )?[0-9:#]+)*`)
)

// onLink gives packets the numbers that they have on the link.
func onLink(records string) string {
	return ofFiles.ReplaceAllString(ofFile.ReplaceAllString(records, `"$1$2`), "")
}

// byTexts leaves the numbers in texts and filters out.
func byTexts(records string) string { return inText.ReplaceAllString(records, "${1}N") }

// withoutSums leaves out what the whole link has more than the kept file.
func withoutSums(records string) string {
	return sums.ReplaceAllString(rate.ReplaceAllString(records, ""), "")
}

// withoutNumbers leaves out what a packet less changes: the numbers of those that follow, and sums.
func withoutNumbers(records string) string {
	numbers := regexp.MustCompile(`(packets? |frame\.number [<>]= |"(?:frames?|negotiation|command|syn|first_data|reply)":\[?)\d+(, ?(…, )?\d+)*`)
	return withoutSums(numbers.ReplaceAllString(records, "${1}N"))
}

var sums = regexp.MustCompile(`"files":\["[^"]*"\],"packets":\d+,"bytes":\d+,"first":("[^"]*"|null),"last":("[^"]*"|null)`)
