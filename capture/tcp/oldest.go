package tcp

// Oldest is the Ord of the first packet of the oldest connection in the table that is, or may still turn out to be, a
// control connection; math.MaxUint64 when there is none. It looks at the whole table.
func (t *Table) Oldest() uint64 {
	oldest := t.OldestSYN()
	for i := range int32(t.slab.n) {
		if c := t.slab.at(i); c.what&(inUse|counted) == inUse {
			oldest = min(oldest, c.cold.start.Ord)
		}
	}
	return oldest
}
