package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/pcapfile"
)

func TestInterfaces(t *testing.T) {
	eth := pcapfile.Interface{Name: "eth0", Description: "uplink", Filter: "tcp", Link: 1, SnapLen: 96, Digits: 9}
	tun := pcapfile.Interface{Name: "tun0", Link: 101, Digits: 6}
	var b bytes.Buffer
	for range 2 { // two sections describe the same ones
		w := pcapfile.NewWriter(&b, pcapfile.SectionInfo{})
		for i, d := range []pcapfile.Interface{eth, tun} {
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
	require.Equal(t, []pcapfile.Interface{eth, tun}, c.Interfaces(0))
	require.Equal(t, []pcapfile.Interface{{Link: 1, SnapLen: 2048, Digits: 6}}, c.Interfaces(1))
	require.Nil(t, c.Interfaces(2))
}
