package decode

import (
	"fmt"
	"sort"
)

// Reason is why packets were not decoded, and how many.
type Reason struct {
	Text    string
	Packets uint64
}

// reason is a Reason's text, or (value >= 0) a format for it: formatting waits until somebody reads it.
type reason struct {
	text  string
	value int64
}

func (r reason) String() string {
	if r.value < 0 {
		return r.text
	}
	return fmt.Sprintf(r.text, r.value)
}

// maxReasons bounds the rows of reasons with a value: hostile link types and EtherTypes would fill the table. What does not fit
// is one row. Reasons without a value are few.
const maxReasons = 64

func (d *Decoder) undecoded(text string) Verdict { return d.count(reason{text, -1}) }

func (d *Decoder) undecodedType(format string, value uint32) Verdict {
	return d.count(reason{format, int64(value)})
}

func (d *Decoder) count(r reason) Verdict {
	d.counted(r, 1)
	return Undecoded
}

// counted counts n packets.
func (d *Decoder) counted(r reason, n uint64) {
	if d.reasons == nil {
		d.reasons = map[reason]uint64{}
	}
	if _, ok := d.reasons[r]; !ok && r.value >= 0 {
		if d.valued == maxReasons {
			r = reason{"other", -1}
		} else {
			d.valued++
		}
	}
	d.reasons[r] += n
	d.total += n
}

// Undecoded is the number of packets that were not decoded.
func (d *Decoder) Undecoded() uint64 { return d.total }

// Reasons lists why packets were not decoded, the most frequent first.
func (d *Decoder) Reasons() []Reason {
	list := make([]Reason, 0, len(d.reasons))
	for r, n := range d.reasons {
		list = append(list, Reason{r.String(), n})
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Packets != list[j].Packets {
			return list[i].Packets > list[j].Packets
		}
		return list[i].Text < list[j].Text
	})
	return list
}
