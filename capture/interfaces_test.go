package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func TestInterfaces(t *testing.T) {
	eth := Interface{Name: "eth0", Description: "uplink", Filter: "tcp", Link: 1, SnapLen: 96, Digits: 9}
	tun := Interface{Name: "tun0", Link: 101, Digits: 6}
	var b bytes.Buffer
	for range 2 { // two sections describe the same ones
		w := NewWriter(&b, SectionInfo{})
		for i, d := range []Interface{eth, tun} {
			w.AddInterface(d)
			for range 2 {
				require.NoError(t, w.WritePacket(i, &Packet{Data: []byte{1}, Link: d.Link, Digits: d.Digits, Mark: flow.Mark{Time: flow.Second}}))
			}
		}
		require.NoError(t, w.Flush())
	}
	path := filepath.Join(t.TempDir(), "two.pcapng")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	c, err := Open([]string{path, "../pcaps/active-port.pcap"}, Options{Problem: func(e *FileError) { t.Error(e) }})
	require.NoError(t, err)
	defer c.Close()
	require.Nil(t, c.Interfaces(0))
	got := map[int][]uint16{}
	for {
		batch, err := c.Next()
		if err != nil {
			break
		}
		for _, p := range batch {
			file := p.Pos.File()
			require.Equal(t, p.Link, c.Interfaces(file)[p.Iface].Link)
			if file == 0 {
				got[file] = append(got[file], p.Iface)
			}
		}
	}
	require.Equal(t, []uint16{0, 0, 1, 1, 0, 0, 1, 1}, got[0])
	require.Equal(t, []Interface{eth, tun}, c.Interfaces(0))
	require.Equal(t, []Interface{{Link: 1, SnapLen: 2048, Digits: 6}}, c.Interfaces(1))
	require.Nil(t, c.Interfaces(2))
}

// Interfaces are found among many without a look at each, and what is kept of them is bounded in a file and over all files.
func TestManyInterfaces(t *testing.T) {
	all := 0
	a, b := descriptions{all: &all}, descriptions{all: &all}
	name := func(i int) Interface {
		return Interface{Name: strconv.Itoa(i), Description: strings.Repeat("x", 3*maxDescription)}
	}
	for range 2 {
		for i := range maxDescribed + 10 {
			require.EqualValues(t, min(i, maxDescribed-1), a.add(name(i)))
		}
	}
	require.Len(t, a.index, maxDescribed)
	for i := range 2 * maxDescribed {
		b.add(name(i))
	}
	require.LessOrEqual(t, all, maxAllDescribed)
	c := descriptions{all: &all}
	for i := range 10 {
		require.Less(t, int(c.add(name(i))), len(c.list))
	}

	var i Interface
	i.describe(optIfDescription, bytes.Repeat([]byte("ä"), maxDescription))
	require.Equal(t, strings.Repeat("ä", maxDescription/2), i.Description)
}
