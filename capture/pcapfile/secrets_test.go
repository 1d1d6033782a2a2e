package pcapfile

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/buffer"
)

// Secrets are written in blocks, and read again; who does not want them passes over them.
func TestSecrets(t *testing.T) {
	line := "CLIENT_RANDOM " + strings.Repeat("0", 64) + " " + strings.Repeat("1", 96) + "\n"
	for name, log := range map[string]string{"one line": line, "an odd length": "# a\n" + line, "several blocks": strings.Repeat(line, 3*maxSecrets/len(line)), "none": ""} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := NewWriter(&out, SectionInfo{})
			w.WriteSecrets([]byte(log))
			i := w.AddInterface(Interface{Link: 1, Digits: 6})
			require.NoError(t, w.WritePacket(i, &Packet{Data: []byte("packet"), Length: 6, Link: 1, Digits: 6}))
			require.NoError(t, w.Flush())
			for _, wanted := range []bool{true, false} {
				var got []byte
				shared := Shared{}
				if wanted {
					shared.Secrets = func(b []byte) { got = append(got, b...) }
				}
				pool := buffer.Pool{Size: buffer.Small}
				buf := pool.Get(bytes.NewReader(out.Bytes()))
				require.NoError(t, buf.Fill(MagicSize))
				r, err := NewReader(buf, shared)
				require.NoError(t, err)
				var packets [4]Packet
				n, err := r.Read(packets[:], 1)
				require.NoError(t, err)
				require.Equal(t, 1, n)
				require.Equal(t, "packet", string(packets[0].Data))
				require.Equal(t, wanted && log != "", len(got) > 0)
				if wanted {
					require.Equal(t, log, string(got))
				}
			}
		})
	}
}

// A block that lies about its length, or holds other secrets, costs no packet.
func TestOddSecrets(t *testing.T) {
	for name, body := range map[string][]byte{
		"longer than it is": u32(nil, keyLog, 1000, 0), "WireGuard's": append(u32(nil, 0x57474b4c, 4), "abcd"...), "empty": u32(nil, keyLog, 0),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := NewWriter(&out, SectionInfo{})
			b, start := begin(w.buf, blockSecrets)
			w.buf = finish(append(b, body...), start)
			i := w.AddInterface(Interface{Link: 1, Digits: 6})
			require.NoError(t, w.WritePacket(i, &Packet{Data: []byte("packet"), Length: 6, Link: 1, Digits: 6}))
			require.NoError(t, w.Flush())
			var got []byte
			pool := buffer.Pool{Size: buffer.Small}
			buf := pool.Get(bytes.NewReader(out.Bytes()))
			require.NoError(t, buf.Fill(MagicSize))
			r, err := NewReader(buf, Shared{Secrets: func(b []byte) { got = append(got, b...) }})
			require.NoError(t, err)
			var packets [4]Packet
			n, err := r.Read(packets[:], 1)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			require.Empty(t, got)
		})
	}
}
