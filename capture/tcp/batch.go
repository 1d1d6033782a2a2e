package tcp

import (
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp/reassembly"
)

const (
	// BatchSize is how many segments a Batch takes: enough for their loads to overlap, few
	// enough for what they load to stay in the first caches.
	BatchSize = 64
	// warmFrom is from how many connections of a table on it is worth while: 4,096 over all
	// shards, 3 MB with what is kept of them elsewhere, more than a core's second cache.
	warmFrom = 1 << 12 / Shards
)

// Batch gives segments to their tables, several at a time. In a capture of many
// connections each segment meets another one than the segment before, whose memory is no
// longer in the processor's first caches. One segment after the other waits for it, a load
// at a time: the place in the index, the connection, what is kept of it elsewhere. A Batch
// looks at the memory of all of its segments first, one step after the other. The loads of
// a step do not depend on each other, so that the processor waits for them together. What
// it finds only warms the caches: Flush then tells the tables of one segment after the
// other, as if there had been no Batch. The zero value is ready.
type Batch struct {
	list   [BatchSize]waiting
	n      int
	conns  [BatchSize]warming // of list, those that there is something to look at for
	warm   int
	warmed uint64 // of what was looked at, so that it is looked at
}

// waiting is a segment that its table has not heard of.
type waiting struct {
	table   *Table
	segment *flow.Segment
	tag     uint32
}

// warming is a segment's connection, mostly: that which the index has first for its tag.
type warming struct {
	table  *Table
	conn   *conn
	stream *reassembly.Stream // nil: the segment has no payload for a reader
	warmer Warmer
	slot   int32
	data   bool
}

// Add takes a segment of a table's shard, valid until the batch is flushed, which it must
// be when it has BatchSize of them.
func (b *Batch) Add(t *Table, s *flow.Segment) {
	tag := t.index.hash(s)
	b.list[b.n] = waiting{t, s, tag}
	b.n++
	if t.slab.n > warmFrom {
		x := &b.conns[b.warm]
		x.table, x.slot, x.data = t, t.index.entries[int(tag)&(len(t.index.entries)-1)].slot, s.Length > 0
		b.warm++
	}
}

// Len is how many segments it has.
func (b *Batch) Len() int { return b.n }

// Flush tells the tables; before, if there is one, hears of each segment first.
func (b *Batch) Flush(before func(*flow.Segment)) {
	b.look()
	for i := range b.list[:b.n] {
		x := &b.list[i]
		if before != nil {
			before(x.segment)
		}
		take(x.table, x.segment, x.tag)
	}
	b.n, b.warm = 0, 0
}

// look looks at what the tables will.
func (b *Batch) look() {
	list, sum := b.conns[:b.warm], uint64(0)
	for i := range list {
		x := &list[i]
		x.conn, x.stream = x.table.slab.at(max(x.slot, 0)), nil
		sum += uint64(x.conn.tag) + x.conn.half[0].packets + uint64(x.conn.watch)
	}
	for i := range list {
		x := &list[i]
		if x.conn.watch != 0 {
			w := x.table.watches.of(x.conn)
			sum += uint64(w.since) + uint64(w.side[0].ttl) + uint64(w.side[1].ttl) + uint64(w.slot)
		}
		if x.conn.stream != 0 && x.data {
			k := x.table.controls.of(x.conn)
			x.stream, x.warmer = k.Stream, k.warmer
		}
	}
	for i := range list {
		if st := list[i].stream; st != nil {
			sum += st.Warm()
		}
	}
	for i := range list {
		if x := &list[i]; x.stream != nil && x.warmer != nil {
			sum += x.warmer.Warm()
		}
	}
	b.warmed += sum
}
