package capture

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// Files of other programs are told by what they begin with.
func TestLooksLike(t *testing.T) {
	erf := func(kinds ...byte) []byte {
		var b []byte
		for _, k := range kinds {
			r := make([]byte, 16+2+60)
			r[8] = k
			binary.BigEndian.PutUint16(r[10:], uint16(len(r)))
			binary.BigEndian.PutUint16(r[14:], 60)
			b = append(b, r...)
		}
		return b
	}
	etl := make([]byte, 1024)
	binary.LittleEndian.PutUint32(etl, 64<<10)
	binary.LittleEndian.PutUint32(etl[4:], 1000)
	copy(etl[72:], "\x02\x00\x02\xc0")
	tests := []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"ERF", erf(2, 2|0x80), "an ERF capture, by Endace; convert it first (editcap -F pcapng FILE.erf FILE.pcapng)"},
		{"one record may be an accident", erf(2), ""},
		{"an unknown kind of record", erf(2, 99), ""},
		{"ETL", etl, "a Windows event trace; convert it first (etl2pcapng FILE.etl FILE.pcapng)"},
		{"half of an ETL header", etl[:80], ""},
		{"NetMon", []byte("GMBU\x00\x02"), "a Network Monitor capture; convert it first (editcap -F pcapng FILE.cap FILE.pcapng)"},
		{"text", []byte("hello\n"), "text"},
		{"zeros", make([]byte, 600), "zeros"},
		{"nothing", nil, "nothing at all"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, looksLike(test.bytes)) })
	}
}
