package tcp_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
	"ftpscope/capture/tcp/reassembly"
)

func TestCounting(t *testing.T) {
	const out = "40000>21 opener established cut out "
	rows(t, []row{
		{"nothing", handshake, out + "0 in 0 syns 1"},
		{"in order", handshake + "> A 101/301 #1000\n> A 1101/301 #500", out + "1500 in 0 syns 1"},
		{"larger than the MSS", handshake + "> A 101/301 #64000", out + "64000 in 0 syns 1"},
		{"retransmission", handshake + "> A 101/301 #1000\n> A 101/301 #1000", out + "1000 in 0 syns 1"},
		{"overlap", handshake + "> A 101/301 #1000\n> A 601/301 #1000", out + "1500 in 0 syns 1"},
		{"out of order", handshake + "> A 601/301 #500\n> A 101/301 #500", out + "1000 in 0 syns 1"},
		{"gap filled in the middle", handshake + "> A 1101/301 #10\n> A 401/301 #100\n> A 101/301 #300\n> A 501/301 #600", out + "1010 in 0 syns 1"},
		{"gap, acknowledged", handshake + "> A 601/301 #500\n< A 301/1101", out + "1000-500 in 0 syns 1"},
		{"gap, acknowledged in part", handshake + "> A 601/301 #500\n< A 301/201", out + "600-100 in 0 syns 1"},
		{"gap, not acknowledged", handshake + "> A 101/301 #100\n> A 601/301 #500\n< A 301/201", out + "600 in 0 syns 1"},
		{"gap, the other side not captured", "> S 100\n> A 601/301 #500", out + "1000-500 in 0 syns 1"},
		{"gap at the end, acknowledged", handshake + "> A 101/301 #100\n< A 301/701", out + "600-500 in 0 syns 1"},
		{"gap at the end, the FINs of both sides in it", handshake + "> A 101/301 #100\n< A 301/201 #10\n< A 402/702", out + "600-500 in 10 syns 1"},
		{"gap at the end, FIN seen", handshake + "> A 101/301 #100\n> FA 701/301\n< A 301/702",
			"40000>21 opener established fin out 600-500 in 0 syns 1"},
		{"gap at the end, FIN seen, not acknowledged", handshake + "> A 101/301 #100\n> FA 701/301\n< A 301/201",
			"40000>21 opener established fin out 100 in 0 syns 1"},
		{"gap at the end, FIN not seen", handshake + "> A 101/301 #100\n< FA 301/702\n> A 702/302",
			"40000>21 opener established fin out 600-500 in 0 syns 1"},
		{"FIN alone not seen", handshake + "> A 101/301 #100\n< FA 301/202", "40000>21 opener established fin out 100 in 0 syns 1"},
		{"FIN alone not seen, the other not either", handshake + "> A 101/301 #100\n< A 301/202", out + "100 in 0 syns 1"},
		{"FIN with data", handshake + "> FA 101/301 #100\n< A 301/202", "40000>21 opener established fin out 100 in 0 syns 1"},
		{"FIN repeated", handshake + "> FA 101/301 #100\n> FA 201/301\n> FA 101/301 #100\n< FA 301/202\n> A 202/302",
			"40000>21 opener established fin out 100 in 0 syns 1"},
		{"FIN from before", handshake + "> A 101/301 #100\n< A 301/201\n> FA 102/301\n> A 201/301 #5", out + "105 in 0 syns 1"},
		{"half closed", handshake + "> FA 101/301\n< A 301/102 #700\n< FA 1001/102\n> A 102/1002",
			"40000>21 opener established fin out 0 in 700 syns 1"},
		{"keep-alive of no byte", handshake + "> A 101/301 #9\n< A 301/110\n> A 109/301\n< A 301/110\n> A 110/301 #1", out + "10 in 0 syns 1"},
		{"keep-alive of one byte", handshake + "> A 101/301 #9\n< A 301/110\n> A 109/301 #1\n< A 301/110\n> A 110/301 #1", out + "10 in 0 syns 1"},
		{"keep-alive before any data", handshake + "> A 100/301 #1\n< A 301/101\n> A 101/301 #5", out + "5 in 0 syns 1"},
		{"mid-stream, keep-alive first", "> A 100/301\n< A 301/101\n> A 101/301 #5", "40000>21 guess established cut out 5 in 0 syns 0"},
		{"zero-window probe", handshake + "> A 101/301 #9\n< A 301/110 w0\n> A 110/301 #1\n< A 301/110 w0\n> A 110/301 #100", out + "109 in 0 syns 1"},
		{"mid-stream, reordered", "> A 501/301 #100\n> A 101/301 #400\n> A 601/301 #10", "40000>21 guess established cut out 510 in 0 syns 0"},
		{"mid-stream, from far before", "> A 9000001/301 #100\n> A 101/301 #400", "40000>21 guess established cut out 100 in 0 syns 0"},
		{"cut by the snap length", handshake + "> A 101/301 #1000-60\n> A 1101/301 #1000-0", out + "2000-1940 in 0 syns 1"},
		{"cut and lost", handshake + "> A 1101/301 #1000-60\n< A 301/2101\n> A 101/301 #1000-10", out + "2000-1930 in 0 syns 1"},
		{"cut, overlapped: the first copy counts", handshake + "> A 101/301 #1000-60\n> A 601/301 #1000-600", out + "1500-1340 in 0 syns 1"},
		{"wrap", "> S 4294967290\n> A 4294967291/1 #3\n> A 4294967294/1 #1000\n> A 998/1 #5\n> A 4294967291/1 #1000", out + "1008 in 0 syns 1"},
		{"wrap of the first byte", "> S 4294967295\n< SA 4294967294/0\n> A 0/4294967295 #3\n< A 4294967295/3 #4\n> FA 3/3",
			"40000>21 opener established fin out 3 in 4 syns 1"},
		{"wrap in a gap", "> S 4294967000\n< SA 4294967000/4294967001\n> A 500/4294967001 #10\n< A 700/510 #10\n> A 510/710\n> A 4294967001/1 #100",
			out + "805-695 in 1005-995 syns 1"},
		{"one-sided, client", "> S 100\n> A 101/301 #10\n> A 111/901\n> FA 111/901", "40000>21 opener established fin out 10 in 0 syns 1"},
		{"one-sided, server", "< SA 300/101\n< A 301/201 #600\n< FA 901/202", "40000>21 opener established fin out 0 in 600 syns 0"},
		{"idle, and forgotten", handshake + "> A 101/301 #10\nwait 301s\ntick\n> A 111/301 #10",
			out + "10 in 0 syns 1\n40000>21 guess established cut out 10 in 0 syns 0"},
		{"idle, and another one", handshake + "> A 101/301 #10\nwait 301s\n> A 111111111/301 #10",
			out + "10 in 0 syns 1\n40000>21 guess established cut out 10 in 0 syns 0"},
		{"the clock set forward", handshake + "> A 101/301 #10\nwait 1h\n> A 111/301 #10\n< A 301/121", out + "20 in 0 syns 1"},
		{"the clock set forward before the answer", "> S 100\nwait 1h\n< SA 300/101\n> A 101/301 #10", out + "10 in 0 syns 1"},
		{"the clock set back", "wait 1h\n" + handshake + "> A 101/301 #10\nwait -1h\n> A 111/301 #10\ntick\n< A 301/121", out + "20 in 0 syns 1"},
	})
}

func TestPieces(t *testing.T) {
	const head = "40000>21 opener established cut out "
	rows(t, []row{
		{"bridged", handshake + "> A 101/301 #10\n> A 16000111/301 #10\n< A 301/16000121", head + "16000020-16000000 in 0 syns 1"},
		{"not bridged", handshake + "> A 101/301 #10\n> A 20000111/301 #10\n< A 301/20000121", head + "20-20000000 in 0 syns 1"},
		{"repeated", handshake + "> A 101/301 #10\n> A 20000111/301 #10\n< A 301/20000121\n> A 20000111/301 #10\n> A 101/301 #10\n> A 105/301 #6", head + "20-20000000 in 0 syns 1"},
		{"reordered", handshake + "> A 101/301 #10\n> A 20000121/301 #10\n> A 20000111/301 #10\n> A 20000115/301 #11\n< A 301/20000131", head + "30-20000000 in 0 syns 1"},
		{"filled", handshake + "> A 101/301 #10\n> A 20000111/301 #10\n< A 301/20000121\n> A 111/301 #20\n> A 121/301 #40", head + "70-19999950 in 0 syns 1"},
		{"after a gap", handshake + "> A 101/301 #10\n> A 121/301 #10\n> A 20000111/301 #10\n< A 301/20000121\n> A 111/301 #10", head + "40-19999980 in 0 syns 1"},
		{"cut", handshake + "> A 101/301 #10\n> A 20000111/301 #10-4\n> A 20000121/301 #10-0\n< A 301/20000131", head + "14-20000016 in 0 syns 1"},
	})
}

// TestManyGaps: of more gaps than are remembered the oldest stay missing though they are
// filled later.
func TestManyGaps(t *testing.T) {
	const n, size = 3 * reassembly.MaxGaps, 10
	for _, late := range []bool{false, true} {
		r := newRecorder(t)
		r.classify = counted
		b := newBulk(r)
		seq := b.send(1000, size)
		for range n {
			seq = b.send(seq+size, size)
		}
		want := fmt.Sprintf("%d-%d", (2*n+1)*size, n*size)
		if late {
			for i := range uint32(n) {
				b.send(1000+size+i*2*size, size)
			}
			want = fmt.Sprintf("%d-%d", (2*n+1)*size, (n-reassembly.MaxGaps)*size)
		}
		r.finish(b.table)
		require.Equal(t, want, bytesOf(&r.closed[0].conn.Half[0]))
	}
}

// bulk sends bytes in order, in segments of 60,000 as offloading makes them.
type bulk struct {
	s     flow.Segment
	table *tcp.Table
}

func (b *bulk) send(seq uint32, n uint64) uint32 {
	for ; n > 0; n -= uint64(b.s.Length) {
		b.s.Seq, b.s.Length = seq, uint32(min(n, 60_000))
		b.s.Payload = zeros[:b.s.Length]
		b.next()
		seq += b.s.Length
	}
	return seq
}

func (b *bulk) next() {
	b.s.Ord++
	b.s.Time += flow.Microsecond
	b.s.Pos = flow.At(0, b.s.Ord)
	b.table.Segment(&b.s)
}

var zeros [60_000]byte

func newBulk(r *recorder) *bulk {
	b := &bulk{table: tcp.New(r)}
	b.s = flow.Segment{Src: hosts[0], Dst: hosts[1], SrcPort: 50001, DstPort: 50000, Flags: flow.ACK}
	return b
}

func TestMoreThan4GiB(t *testing.T) {
	const n = 5 << 30
	for _, test := range []struct {
		name string
		do   func(b *bulk)
		want string
	}{
		{"in order", func(b *bulk) { b.send(77, n) }, "5368709120"},
		{"repeated before the first byte's number", func(b *bulk) {
			seq := b.send(2_000_000, 4<<30+500_000) // a wrap later: mid-stream, so the first byte is not sure
			b.send(seq-1_000_000, 1_000_000)
		}, "4295467296"},
		{"gap a wrap ago", func(b *bulk) {
			seq := b.send(1000, 60_000)
			seq = b.send(seq+500, 4<<30-500-60_000+1000+60_000) // up to where the gap's numbers come again
			b.send(seq-2000, 2000)
		}, "4295028296-500"},
		{"gap 3 GiB ago, then another", func(b *bulk) {
			seq := b.send(1000, 60_000)
			seq = b.send(seq+500, 3<<30)
			seq = b.send(seq+500, 60_000)
			b.send(seq-60_500, 500)
		}, "3221346472-500"},
		{"pieces after 3 GiB", func(b *bulk) {
			seq := b.send(1000, 3<<30)
			b.send(seq+20<<20, 2<<30)
		}, "5368709120-20971520"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRecorder(t)
			r.classify = counted
			b := newBulk(r)
			test.do(b)
			r.finish(b.table)
			require.Len(t, r.closed, 1)
			require.Equal(t, test.want, bytesOf(&r.closed[0].conn.Half[0]))
		})
	}
}
