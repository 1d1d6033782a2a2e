package main

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"ftpscope/capture/capturetest/tlspair"
)

// What it costs to open a download under TLS: that of the analysis without keys, and at most
// tlsGoal times what `openssl speed` takes for as many bytes of the same suite.
const tlsGoal = 1.5

// tlsSuite is what a download is sealed with, and what openssl calls its parts.
type tlsSuite struct {
	name    string
	version uint16
	id      uint16 // 0: the only one
	speeds  [][]string
}

var tlsSuites = []tlsSuite{
	{"TLS 1.3, AES-128-GCM", tls.VersionTLS13, 0, [][]string{{"-decrypt", "-evp", "aes-128-gcm"}}},
	{"TLS 1.2, AES-256-GCM", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, [][]string{{"-decrypt", "-evp", "aes-256-gcm"}}},
	{"TLS 1.2, ChaCha20-Poly1305", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, [][]string{{"-decrypt", "-evp", "chacha20-poly1305"}}},
	{"TLS 1.2, AES-128-CBC, SHA-256", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, [][]string{{"-decrypt", "-evp", "aes-128-cbc"}, {"-hmac", "sha256"}}},
}

// sealed measures downloads under TLS, with keys and without.
func (b *bench) sealed() error {
	if _, err := exec.LookPath("openssl"); err != nil {
		return errors.New("no openssl to compare with; hint: apt install openssl")
	}
	size := int64(1 << 30)
	if b.quick {
		size /= 16
	}
	verdicts := table{{"download under TLS", "MB", "without keys, s", "with keys, s", "openssl speed, s", "× openssl, with what is analyzed", "peak MiB"}}
	for i, s := range tlsSuites {
		row, err := b.sealedWith(i, s, size)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		verdicts.add(row...)
	}
	b.goals = append(b.goals, verdicts)
	return nil
}

func (b *bench) sealedWith(i int, s tlsSuite, size int64) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	pcap, log := b.path(fmt.Sprintf("tls-%d.pcap", i)), b.path(fmt.Sprintf("tls-%d.log", i))
	writer := exec.Command(self, sealCommand, strconv.Itoa(i), strconv.FormatInt(size, 10), pcap, log)
	writer.Stderr = b.log
	if err := writer.Run(); err != nil {
		return nil, err
	}
	defer os.Remove(pcap)
	said, err := exec.Command(b.ftpscope, "analyze", "--keylog", log, "-o", "json", pcap).Output()
	if err != nil {
		return nil, err
	}
	if want := fmt.Sprintf(`"plain_bytes":%d`, size); !strings.Contains(string(said), want) {
		b.wrong = append(b.wrong, s.name+": no "+want)
	}
	all, err := b.takeTurns([]command{{"with keys", []string{b.ftpscope, "analyze", "--keylog", log, "-o", "json", pcap}},
		{"without", []string{b.ftpscope, "analyze", "-o", "json", pcap}}}, b.rounds)
	if err != nil {
		return nil, err
	}
	theirs, err := opensslSeconds(s, size)
	if err != nil {
		return nil, err
	}
	mine, plain := of(processorTime, all[0]).median, of(processorTime, all[1]).median
	if ratio := (mine - plain) / theirs; ratio > tlsGoal {
		b.missed = append(b.missed, fmt.Sprintf("%s: decrypting takes %.2f × openssl speed, goal %.2f", s.name, ratio, tlsGoal))
	}
	return []string{s.name, strconv.FormatInt(size/1e6, 10), fmt.Sprintf("%.2f", plain), fmt.Sprintf("%.2f", mine), fmt.Sprintf("%.2f", theirs),
		fmt.Sprintf("%.2f", (mine-plain)/theirs), fmt.Sprintf("%.0f", of(peakMiB, all[0]).most)}, nil
}

// opensslSeconds is how long openssl takes for so many bytes, in pieces of a record's size.
func opensslSeconds(s tlsSuite, size int64) (sum float64, err error) {
	for _, args := range s.speeds {
		out, err := exec.Command("openssl", append([]string{"speed", "-mr", "-seconds", "2", "-bytes", "16384"}, args...)...).Output()
		if err != nil {
			return 0, err
		}
		rate := 0.0
		for line := range strings.Lines(string(out)) {
			if fields := strings.Split(strings.TrimSpace(line), ":"); strings.HasPrefix(fields[0], "+F") || strings.HasPrefix(fields[0], "+H") {
				rate, _ = strconv.ParseFloat(fields[len(fields)-1], 64)
			}
		}
		if rate == 0 {
			return 0, fmt.Errorf("openssl speed says no rate: %s", out)
		}
		sum += float64(size) / rate
	}
	return sum, nil
}

// sealCommand makes a capture of a download under TLS, and its key log.
const sealCommand = "write-sealed"

func writeSealed(args []string, stderr io.Writer) int {
	if err := seal(args); err != nil {
		fmt.Fprintln(stderr, "bench: error:", err)
		return exitUnable
	}
	return exitMet
}

func seal(args []string) error {
	if len(args) != 4 {
		return errors.New(sealCommand + " takes a suite, a size, a capture and a log")
	}
	i, _ := strconv.Atoi(args[0])
	size, _ := strconv.ParseInt(args[1], 10, 64)
	f, err := os.Create(args[2])
	if err != nil {
		return err
	}
	log, err := os.Create(args[3])
	if err != nil {
		return err
	}
	w := &wire{out: bufio.NewWriterSize(f, mib)}
	w.download(tlsSuites[i], size, log)
	return errors.Join(w.err, w.out.Flush(), f.Close(), log.Close())
}

// wire writes what two hosts say as Ethernet frames.
type wire struct {
	out   *bufio.Writer
	now   time.Duration
	frame [1600]byte
	err   error
}

// tcpLink is a TCP connection: ports and sequence numbers by side, the client's first.
type tcpLink struct {
	ports [2]uint16
	seq   [2]uint32
}

const (
	flagFIN, flagSYN, flagPSH, flagACK = 1, 2, 8, 16
	frameHead, segmentSize             = 14 + 20 + 20, 1448
)

func (w *wire) write(b []byte) {
	if _, err := w.out.Write(b); err != nil && w.err == nil {
		w.err = err
	}
}

// segment writes one of a side.
func (w *wire) segment(s *tcpLink, side int, flags byte, b []byte) {
	w.now += time.Microsecond
	p := w.frame[:frameHead+len(b)]
	clear(p[:frameHead])
	p[12], p[14], p[22], p[23] = 8, 0x45, 64, 6
	binary.BigEndian.PutUint16(p[16:], uint16(len(p)-14))
	hosts := [2]uint32{0xc000020a, 0xc0000215} // 192.0.2.10, 192.0.2.21
	binary.BigEndian.PutUint32(p[26:], hosts[side])
	binary.BigEndian.PutUint32(p[30:], hosts[side^1])
	binary.BigEndian.PutUint16(p[34:], s.ports[side])
	binary.BigEndian.PutUint16(p[36:], s.ports[side^1])
	binary.BigEndian.PutUint32(p[38:], s.seq[side])
	if flags&flagACK != 0 {
		binary.BigEndian.PutUint32(p[42:], s.seq[side^1])
	}
	p[46], p[47], p[48] = 5<<4, flags, 0xff
	copy(p[frameHead:], b)
	s.seq[side] += uint32(len(b))
	if flags&(flagSYN|flagFIN) != 0 {
		s.seq[side]++
	}
	var head [16]byte
	binary.LittleEndian.PutUint32(head[:], uint32(1709287335+w.now/time.Second))
	binary.LittleEndian.PutUint32(head[4:], uint32(w.now%time.Second/time.Microsecond))
	binary.LittleEndian.PutUint32(head[8:], uint32(len(p)))
	binary.LittleEndian.PutUint32(head[12:], uint32(len(p)))
	w.write(head[:])
	w.write(p)
}

func (w *wire) open(client, server uint16) *tcpLink {
	s := &tcpLink{ports: [2]uint16{client, server}, seq: [2]uint32{1000, 2000}}
	w.segment(s, 0, flagSYN, nil)
	w.segment(s, 1, flagSYN|flagACK, nil)
	w.segment(s, 0, flagACK, nil)
	return s
}

func (w *wire) close(s *tcpLink, first int) {
	w.segment(s, first, flagFIN|flagACK, nil)
	w.segment(s, first^1, flagFIN|flagACK, nil)
	w.segment(s, first, flagACK, nil)
}

func (w *wire) say(s *tcpLink, side int, b []byte) {
	for n := 0; len(b) > 0; n++ {
		m := min(len(b), segmentSize)
		w.segment(s, side, flagPSH|flagACK, b[:m])
		if b = b[m:]; n%2 == 1 || len(b) == 0 {
			w.segment(s, side^1, flagACK, nil)
		}
	}
}

// download writes a session that downloads so many bytes in passive mode.
func (w *wire) download(s tlsSuite, size int64, log io.Writer) {
	own, err := tlspair.Certificate("")
	server := &tls.Config{Certificates: []tls.Certificate{own}, MaxVersion: s.version, DynamicRecordSizingDisabled: true} //nolint:gosec // a measurement
	client := &tls.Config{InsecureSkipVerify: true, KeyLogWriter: log, MaxVersion: s.version}                             //nolint:gosec // a measurement
	if s.id != 0 {
		client.CipherSuites, server.CipherSuites = []uint16{s.id}, []uint16{s.id}
	}
	var head [24]byte
	for i, n := range []uint32{0xa1b2c3d4, 4<<16 | 2, 0, 0, 1 << 16, 1} {
		binary.LittleEndian.PutUint32(head[4*i:], n)
	}
	w.write(head[:])
	c := w.open(40000, 21)
	w.say(c, 1, []byte("220 ready\r\n"))
	w.say(c, 0, []byte("AUTH TLS\r\n"))
	w.say(c, 1, []byte("234 go\r\n"))
	shake := func(s *tcpLink) (tlspair.Pair, error) {
		p := tlspair.New(client, server, func(side int, b []byte) { w.say(s, side, b) })
		return p, p.Shake()
	}
	control, also := shake(c)
	fail := func(e error) { w.err = errors.Join(w.err, e) }
	if fail(errors.Join(err, also)); w.err != nil {
		return
	}
	dialogue := func(lines ...string) {
		for i, line := range lines {
			fail(control.Say(i%2, []byte(line+"\r\n")))
		}
	}
	dialogue("USER bob", "331 go on", "PASS x", "230 in", "PBSZ 0", "200 ok", "PROT P", "200 ok", "TYPE I", "200 ok", "PASV", "227 (192,0,2,21,195,80)")
	d := w.open(40001, 50000)
	dialogue("RETR big.bin", "150 here")
	data, err := shake(d)
	if fail(err); w.err != nil {
		return
	}
	piece := make([]byte, 1<<18)
	_, err = rand.Read(piece)
	for fail(err); size > 0 && w.err == nil; size -= int64(len(piece)) {
		piece = piece[:min(size, int64(len(piece)))]
		fail(data.Say(1, piece))
	}
	fail(data[1].CloseWrite())
	w.close(d, 1)
	fail(control.Say(1, []byte("226 done\r\n")))
	dialogue("QUIT", "221 bye")
	w.close(c, 0)
}
