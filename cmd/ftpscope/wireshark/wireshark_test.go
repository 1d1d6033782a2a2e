package wireshark

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var (
	client = netip.MustParseAddrPort("192.0.2.1:40000")
	server = netip.MustParseAddrPort("192.0.2.2:21")
	data   = netip.MustParseAddrPort("192.0.2.2:50000")
)

func session() *record.Session {
	s := &record.Session{ID: 3, Client: client, Server: server}
	s.First = flow.Mark{Ord: 1, Pos: flow.At(0, 1)}
	s.Transfers = []record.Transfer{
		{N: 1, Frames: record.Frames{Negotiation: flow.At(0, 10), Command: flow.At(0, 12), SYN: flow.At(0, 14), Reply: flow.At(0, 20)},
			Connection: &record.Connection{Src: client, Dst: data, End: record.Stamp{Time: 5 * flow.Second}}},
		{N: 2, Frames: record.Frames{Negotiation: flow.At(0, 30)}, Announced: &data},
	}
	return s
}

const control = "ip.addr == 192.0.2.1 and ip.addr == 192.0.2.2 and tcp.port == 40000 and tcp.port == 21"

func TestCommand(t *testing.T) {
	files := []string{"a.pcap", "b.pcap"}
	tests := []struct {
		name   string
		change func(*record.Session)
		opt    Options
		want   string
		more   bool
	}{
		{"a transfer", nil, Options{Transfer: 1},
			"wireshark|-r|a.pcap|-Y|(" + control + " and frame.number >= 10 and frame.number <= 20) or (ip.addr == 192.0.2.1 and ip.addr == 192.0.2.2 and tcp.port == 40000 and tcp.port == 50000 and frame.time_epoch <= 7.000000000 and frame.number >= 14)", false},
		{"one whose connection never came", nil, Options{Transfer: 2, Text: true},
			"tshark|-r|a.pcap|-Y|(" + control + " and frame.number >= 30 and frame.number <= 30) or (ip.addr == 192.0.2.2 and tcp.port == 50000 and frame.number >= 30)", false},
		{"a session at another port, under TLS", func(s *record.Session) {
			s.Server = netip.MustParseAddrPort("[2001:db8::2]:2121")
			s.Client = netip.MustParseAddrPort("[2001:db8::1]:40000")
			s.Transfers = nil
		}, Options{KeyLog: "keys"},
			"wireshark|-r|a.pcap|-Y|(ipv6.addr == 2001:db8::1 and ipv6.addr == 2001:db8::2 and tcp.port == 40000 and tcp.port == 2121)|-d|tcp.port==2121,ftp|-o|tls.keylog_file:keys", false},
		{"goes on in another file", func(s *record.Session) {
			s.Transfers[0].Frames.Reply = flow.At(1, 2)
			s.Transfers[0].Frames.SYN = flow.At(1, 1)
		}, Options{Transfer: 1},
			"wireshark|-r|a.pcap|-Y|(" + control + " and frame.number >= 10)", true},
		{"many transfers", func(s *record.Session) {
			for range maxShown {
				s.Transfers = append(s.Transfers, s.Transfers[0])
			}
		}, Options{}, "wireshark|-r|a.pcap|-Y|(tcp and ip.addr == 192.0.2.1 and ip.addr == 192.0.2.2)", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := session()
			if test.change != nil {
				test.change(s)
			}
			test.opt.Files = files
			args, more, err := Command(s, test.opt)
			require.NoError(t, err)
			require.Equal(t, test.want, strings.Join(args, "|"))
			require.Equal(t, test.more, more)
		})
	}
}

func TestCannot(t *testing.T) {
	tests := []struct {
		file     string
		transfer int
		want     string
	}{
		{"a.pcap", 7, "session 3 has no transfer 7: it has 2"},
		{"stdin", 1, "standard input cannot be opened by Wireshark: save it to a file first"},
		{"a.pcap.xz", 1, "a.pcap.xz: Wireshark reads no .xz files: unpack it first"},
		{"a.zip/a.pcap", 1, "a.zip/a.pcap: Wireshark reads no zip archives: unpack it first"},
	}
	for _, test := range tests {
		_, _, err := Command(session(), Options{Files: []string{test.file}, Transfer: test.transfer})
		require.EqualError(t, err, test.want)
	}
}

// A shell takes what was quoted for what it was.
func TestQuoted(t *testing.T) {
	args := []string{"plain-1.pcap", "", "two words", "it's", "$(touch x)", "`id`", "a\\b", "-x", "~", "*", "ä", "a\x1b[31mb'c\\", "line\nbreak", "\xff"}
	text := Quoted(args)
	require.NotContains(t, text, "\x1b")
	require.NotContains(t, text, "\n")
	require.True(t, strings.HasPrefix(text, "plain-1.pcap '' 'two words' 'it'\\''s' "), text)
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	out, err := exec.Command("bash", "-c", `printf '%s\0' `+text).Output()
	require.NoError(t, err)
	require.Equal(t, strings.Join(args, "\x00")+"\x00", string(out))
}
