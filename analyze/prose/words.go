// Package prose says how numbers, counts, times, lists and quotes are written, and how
// text from the wire is escaped and laid out, once for all texts about records: findings,
// comparisons and the formats of package report, which come next.
package prose

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftpscope/capture/flow"
)

// Number writes n with a comma every three digits.
func Number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Many counts things: "1 session", "2,000 sessions", "3 replies".
func Many[T int | uint64](n T, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "s"):
		return Number(uint64(n)) + " " + thing + "es"
	case strings.HasSuffix(thing, "y"):
		return Number(uint64(n)) + " " + strings.TrimSuffix(thing, "y") + "ies"
	}
	return Number(uint64(n)) + " " + thing + "s"
}

// Times is how often something was done: once, twice, 3 times.
func Times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return Many(n, "time")
}

// Size writes bytes with three digits or a little more: 266 B, 60.0 kB, 1.2 GB.
func Size(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10) + " B"
	}
	v := float64(n)
	for _, unit := range []string{"kB", "MB", "GB", "TB", "PB"} {
		v /= 1000
		if v < 999.95 { // more would round to 1000.0
			return strconv.FormatFloat(v, 'f', 1, 64) + " " + unit
		}
	}
	return strconv.FormatFloat(v/1000, 'f', 1, 64) + " EB"
}

const day = 24 * time.Hour

// Span writes a duration in its two largest units, as columns show it: 350 ms, 7.0 s, 3 d
// 4 h.
func Span[T flow.Time | time.Duration](t T) string {
	d := time.Duration(max(t, 0))
	switch {
	case d.Round(time.Millisecond) < time.Second:
		return strconv.Itoa(int(d.Round(time.Millisecond)/time.Millisecond)) + " ms"
	case d < time.Second: // rounded up
		return "1.0 s"
	case d < time.Minute:
		return strconv.FormatFloat(d.Truncate(time.Second/10).Seconds(), 'f', 1, 64) + " s"
	case d >= day:
		return twoUnits(d, day, "d", time.Hour, "h")
	}
	return minutesOrHours(d)
}

// FineSpan is the same, with microseconds where there is nothing else.
func FineSpan(t flow.Time) string {
	if t < 10*flow.Millisecond {
		return Number(uint64(max(t, 0)/flow.Microsecond)) + " µs"
	}
	return Span(t)
}

// Lasting writes a duration as a sentence says it: 350 ms, 7 s, 2 min 5 s.
func Lasting(t flow.Time) string {
	d := time.Duration(max(t, 0))
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 10*time.Second:
		return strings.TrimSuffix(strconv.FormatFloat(d.Truncate(time.Second/10).Seconds(), 'f', 1, 64), ".0") + " s"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	}
	return minutesOrHours(d)
}

func minutesOrHours(d time.Duration) string {
	if d < time.Hour {
		return twoUnits(d, time.Minute, "min", time.Second, "s")
	}
	return twoUnits(d, time.Hour, "h", time.Minute, "min")
}

// twoUnits leaves out the smaller unit where there is nothing of it.
func twoUnits(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	s := strconv.Itoa(int(d/large)) + " " + largeName
	if rest := d % large / small; rest > 0 {
		s += " " + strconv.Itoa(int(rest)) + " " + smallName
	}
	return s
}

// Packet writes a packet's number as Wireshark shows it, "#14", with the file's number
// before it where there are several: "2:#14". One that has none is empty.
func Packet(p flow.Pos, several bool) string {
	if p.Packet() == 0 {
		return ""
	}
	if several {
		return string(AppendPacket(nil, p, several))
	}
	return "#" + strconv.FormatUint(p.Packet(), 10)
}

// AppendPacket appends a packet's number as a sentence has it: "14", or "2:#14".
func AppendPacket(b []byte, p flow.Pos, several bool) []byte {
	if several {
		b = append(strconv.AppendInt(b, int64(p.File())+1, 10), ":#"...)
	}
	return strconv.AppendUint(b, p.Packet(), 10)
}

// Packets is " (packets 1 and 2)", of those that were seen.
func Packets(files bool, all ...flow.Pos) string {
	var words []string
	for _, p := range all {
		if p.Packet() > 0 {
			words = append(words, string(AppendPacket(nil, p, files)))
		}
	}
	switch len(words) {
	case 0:
		return ""
	case 1:
		return " (packet " + words[0] + ")"
	}
	return " (packets " + List(words) + ")"
}

// PacketList is "#40 #43 #97", in order; with several files "2:#40 #43 #97", the file's
// number where it changes.
func PacketList(all []flow.Pos, files bool) string {
	slices.Sort(all)
	var words []string
	file := -1
	for _, p := range all {
		if p.Packet() == 0 {
			continue
		}
		words = append(words, Packet(p, files && p.File() != file))
		file = p.File()
	}
	return strings.Join(words, " ")
}

// PacketRange is "#14–#31", from the first to the last packet seen.
func PacketRange(all []flow.Pos, files bool) string {
	var first, last flow.Pos
	for _, p := range all {
		if p.Packet() == 0 {
			continue
		}
		if first == 0 || p < first {
			first = p
		}
		last = max(last, p)
	}
	switch {
	case first == 0:
		return ""
	case first == last:
		return Packet(first, files)
	}
	return Packet(first, files) + "–" + Packet(last, files && first.File() != last.File())
}

// InternalKind names the kind of an address that only its own network reaches, as it stands
// before the address; empty: it is none.
func InternalKind(a netip.Addr) string {
	switch {
	case a.IsLoopback():
		return "the loopback address "
	case a.IsUnspecified():
		return "the unspecified address "
	case flow.IsShared(a):
		return "the carrier-grade NAT address "
	case a.IsLinkLocalUnicast():
		return "the link-local address "
	case flow.IsInternal(a):
		return "the private address "
	}
	return ""
}
