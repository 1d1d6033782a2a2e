package codec

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// filler gives every field that it may set some value.
type filler struct{ *rand.Rand }

// enums are the types with few values, and how many.
var enums = map[reflect.Type]uint64{
	reflect.TypeFor[flow.State]():     uint64(flow.Unreachable) + 1,
	reflect.TypeFor[flow.Closing]():   uint64(flow.ResetBy) + 1,
	reflect.TypeFor[flow.Sent]():      uint64(flow.SentNothing) + 1,
	reflect.TypeFor[flow.Direction](): 2,
	reflect.TypeFor[flow.Why]():       uint64(flow.Whys),
	reflect.TypeFor[flow.StepKind]():  uint64(flow.StepLISP) + 1,
}

// later are fields that nobody has set when a connection closes: the Matcher does, or a
// live run.
var later = map[string]bool{
	"Session.ID": true, "Session.Network": true, "Session.Mode": true, "Session.Initiator": true, "Session.Open": true, "Session.Transfers": true,
	"Session.Findings": true, "Session.TCP": true, "Session.Verdict": true, "Origin.Twin": true,
	"Notes.Size": true, "Notes.Twin": true, "Notes.IsHalf": true, "Notes.Dropped": true,
}

func (f filler) fill(v reflect.Value) {
	switch x := v.Addr().Interface().(type) {
	case *netip.Addr:
		*x = []netip.Addr{{}, netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("::ffff:192.0.2.1")}[f.IntN(4)]
		return
	case *netip.AddrPort:
		*x = netip.AddrPortFrom([]netip.Addr{{}, netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}[f.IntN(3)], uint16(f.Uint32()))
		return
	case *time.Time:
		if f.IntN(3) > 0 {
			*x = time.Unix(f.Int64N(1<<40)-1<<39, f.Int64N(1e9)).UTC()
		}
		return
	case *any:
		if f.IntN(2) > 0 {
			d := new(record.DataTLS)
			f.fill(reflect.ValueOf(d).Elem())
			d.Server = f.IntN(2)
			*x = d
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && !later[v.Type().Name()+"."+field.Name] {
				f.fill(v.Field(i))
			}
		}
		if x, ok := v.Addr().Interface().(*control.Transcript); ok { // what one list says of another
			for i := range x.TransferCommands {
				x.TransferCommands[i].Negotiation = int32(f.IntN(len(x.Negotiations)+1) - 1)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Slice:
		if n := f.IntN(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n-1, n-1))
			for i := range n - 1 {
				f.fill(v.Index(i))
			}
		}
	case reflect.Pointer:
		if f.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.String:
		v.SetString([]string{"", "RETR a.txt", "\x00\xff"}[f.IntN(3)])
	case reflect.Bool:
		v.SetBool(f.IntN(2) > 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(f.Int64() >> f.IntN(64))
		if v.Kind() == reflect.Int32 {
			v.SetInt(int64(int32(f.Uint32())))
		}
	default:
		n := f.Uint64() >> f.IntN(64)
		if most := enums[v.Type()]; most > 0 {
			n %= most
		}
		v.SetUint(n & (1<<v.Type().Bits() - 1))
	}
}

// roundTrip writes values of a type, all fields of them, and reads them again.
func roundTrip[T any](t *testing.T, take func(*Coder, *T)) {
	t.Helper()
	f := filler{rand.New(rand.NewPCG(1, 2))}
	w := NewWriter()
	list := make([]T, 300)
	for i := range list {
		if f.fill(reflect.ValueOf(&list[i]).Elem()); i > 0 {
			take(w, &list[i])
		} else {
			take(w, new(T)) // nothing is set
			list[0] = *new(T)
		}
	}
	r := NewReader(w.Bytes())
	for i := range list {
		var got T
		take(r, &got)
		require.NoError(t, r.Err())
		require.Equal(t, list[i], got, i)
	}
	require.Empty(t, r.Bytes(), "all of it was read")
	for n := range min(len(w.Bytes()), 3000) { // cut anywhere, it is an error and no panic
		r, whole := NewReader(w.Bytes()[:n]), true
		for i := 0; i < len(list) && whole; i++ {
			var got T
			take(r, &got)
			whole = r.Err() == nil
		}
		require.False(t, whole, n)
	}
}

// Every field comes back, new ones too: whoever adds a field is told here.
func TestRoundTrip(t *testing.T) {
	t.Run("connection", func(t *testing.T) { roundTrip(t, Conn) })
	t.Run("lone SYN", func(t *testing.T) { roundTrip(t, LoneSYN) })
	t.Run("transcript", func(t *testing.T) { roundTrip(t, Transcript) })
	t.Run("expectation", func(t *testing.T) { roundTrip(t, Expectation) })
	t.Run("hosts", func(t *testing.T) { roundTrip(t, HostExpectation) })
	t.Run("path", func(t *testing.T) { roundTrip(t, Path) })
	t.Run("tick", func(t *testing.T) { roundTrip(t, Tick) })
	t.Run("totals", func(t *testing.T) { roundTrip(t, Totals) })
}

// What is near what was before takes few bytes.
func TestMarksAreSmall(t *testing.T) {
	w := NewWriter()
	for i := range uint64(10) {
		m := flow.Mark{Time: flow.Time(1e18 + 50*i), Ord: 1000 + i, Pos: flow.At(3, 70+i)}
		from := len(w.Bytes())
		if Mark(w, &m); i > 0 {
			require.LessOrEqual(t, len(w.Bytes())-from, 5)
		}
	}
}

// A length that is no length takes no memory.
func TestLies(t *testing.T) {
	w := NewWriter()
	n := uint64(1 << 40)
	Number(w, &n)
	for name, take := range map[string]func(*Coder){
		"text": func(c *Coder) { var s string; c.String(&s) },
		"list": func(c *Coder) { var l []control.Negotiation; List(c, &l, negotiation) },
		"path": func(c *Coder) { var p flow.Path; Path(c, &p) },
		"end":  func(c *Coder) { var e analyze.Totals; Totals(c, &e) },
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(w.Bytes())
			take(r)
			require.Error(t, r.Err())
			require.Empty(t, r.Bytes(), "nothing more is read")
		})
	}
	c, nothing := NewWriter(), make([]byte, 32<<20)
	n = uint64(len(nothing))
	Number(c, &n)
	r := NewReader(append(c.Bytes(), nothing...))
	var many []control.Negotiation
	List(r, &many, negotiation)
	require.ErrorIs(t, r.Err(), errValue, "elements of a few bytes each are too many")

	r = NewReader([]byte{2})
	var b bool
	r.Bool(&b)
	require.ErrorIs(t, r.Err(), errValue)
}
