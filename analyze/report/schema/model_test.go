package schema

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// How the model's fields and the schema's keys belong together is not declared but seen:
// each field of a full record is changed, and the keys whose values change with it are
// its own.

func init() {
	for field, why := range map[string]string{
		"ClientHello": "packets of the handshake are in the filter", "ServerHello": "as ClientHello", "Certificate.Mark": "as ClientHello",
		"Random": "key logs name the connection by it", "Encrypted": "version says so",
		"Alert.Guessed": "then it has no name", "Alert.Late": "as Guessed", "Replies": "for verdicts", "Resumption.Full": "resumed says so", "Resumption.Asked": "for verdicts", "Resumption.Resumable": "for verdicts", "Resumption.Tickets": "for plain_bytes",
	} {
		unwritten["Session.Said.Handshake."+field], unwritten["Session.Transfers.Sealed.Handshake."+field] = why, why
	}
}

// unwritten are the fields that change no key, with the reason.
var unwritten = map[string]string{
	"Session.Origin.First":                "the order of records; start says when it was",
	"Session.Notes":                       "for rules and explanations",
	"Session.Transfers.Notes":             "for rules and explanations",
	"Session.Capture.Undecrypted":         "explanations and a warning say it",
	"Session.Transfers.Preliminary.Time":  "frames tells where transfers have their replies, and --commands when they came",
	"Session.Transfers.Preliminary.Pos":   "the final reply is what shows a transfer; --commands has all",
	"Session.Transfers.Reply.Time":        "as that of the preliminary reply",
	"Session.Transfers.Reply.Pos":         "frames has it",
	"Session.Said.Dialogue.Replies.Cut":   "for who reads the control connection: its text is what there is",
	"Session.Transfers.Preliminary.Cut":   "for who reads the control connection: its text is what there is",
	"Session.Transfers.Reply.Cut":         "for who reads the control connection: its text is what there is",
	"Session.Said.Dialogue.Replies.About": "for verdicts: what of the text is only the command's own argument",
	"Session.Transfers.Preliminary.About": "for verdicts: what of the text is only the command's own argument",
	"Session.Said.Operations.Reply.About": "as that of transfers",
	"Attempt.Answer":                      "the verdict tells it",
	"Session.Transfers.Reply.About":       "for verdicts: what of the text is only the command's own argument",
	"Session.Said.Operations.Reply.Time":  "--commands has it",
	"Session.Said.Operations.Reply.Pos":   "--commands has it",
	"Session.Said.Operations.Reply.Cut":   "as that of other replies",
	"Session.Transfers.Preliminary.Link":  "as its place in the file",
	"Session.Transfers.Reply.Link":        "as its place in the file",
	"Session.Said.Operations.Reply.Link":  "as its place in the file",
	"Session.Transfers.Frames.Link.Link":  "those on the link are on no other",
	"Session.Findings.Shared":             "advice is the same as the verdict's next",
	"Orphan.Conn":                         "connection says it; carve needs where its packets are",
	"Summary.Capture.WrongChecksums":      "a warning says it",
	"Summary.Capture.Limits":              "limits that were reached are warnings for people",
}

// derived are the keys that no field changes: they tell what the record is.
var derived = []string{"attempt.type", "gap.type", "orphan.type", "session.type", "summary.type"}

var packageOfModel = reflect.TypeFor[record.Session]().PkgPath()

// isRecord reports whether a struct of the model is walked into; stamps are values like
// numbers.
func isRecord(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == packageOfModel && t != reflect.TypeFor[record.Stamp]()
}

// leaves visits the exported fields of a record and of the records in it, those that are
// no records themselves, by the way that leads to them.
func leaves(v reflect.Value, way string, visit func(name string, v reflect.Value)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		name, x := way+"."+f.Name, v.Field(i)
		inner := x
		switch {
		case x.Kind() == reflect.Pointer && isRecord(x.Type().Elem()):
			inner = x.Elem()
		case x.Kind() == reflect.Slice && isRecord(x.Type().Elem()) && x.Len() > 0:
			inner = x.Index(0)
		}
		if unwritten[name] == "" && inner.IsValid() && isRecord(inner.Type()) {
			leaves(inner, name, visit)
			continue
		}
		visit(name, x)
	}
}

// fieldsOf visits those of a pointer to one of the four records.
func fieldsOf(record any, visit func(name string, v reflect.Value)) {
	v := reflect.ValueOf(record).Elem()
	leaves(v, v.Type().Name(), visit)
}

// TestFullRecords shows that the records of these tests set every field: what is added to
// the model is added to them.
func TestFullRecords(t *testing.T) {
	set := map[string]bool{}
	for _, record := range full {
		fieldsOf(record(), func(name string, v reflect.Value) {
			set[name] = set[name] || !v.IsZero() && (v.Kind() != reflect.Slice || v.Len() > 0)
		})
	}
	for name, ok := range set {
		ok = ok || unwritten[name] != "" || name == "Session.Said.Dialogue" // which is walked into where it is set
		require.True(t, ok, "%s is not set in the full records", name)
	}
}

// TestEveryFieldIsWritten changes each field of the model in turn.
func TestEveryFieldIsWritten(t *testing.T) {
	changed := map[string]map[string]bool{}
	for _, record := range full {
		var names []string
		fieldsOf(record(), func(name string, _ reflect.Value) { names = append(names, name) })
		for i, name := range names {
			if changed[name] == nil {
				changed[name] = map[string]bool{}
			}
			for way := range ways {
				r, n := record(), 0
				fieldsOf(r, func(_ string, v reflect.Value) {
					if n == i {
						change(v, way, 0)
					}
					n++
				})
				for key := range differing(keys(t, line(t, record())), keys(t, line(t, r))) {
					changed[name][key] = true
				}
			}
		}
	}
	written := map[string]bool{}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		list := slices.Sorted(maps.Keys(changed[name]))
		if why := unwritten[name]; why != "" {
			require.Empty(t, list, "%s is said to be unwritten: %s", name, why)
			list = []string{"not written:", why}
		} else {
			require.NotEmpty(t, list, "%s changes nothing: write it and describe it, or give the reason in unwritten", name)
		}
		for _, key := range list {
			written[key] = true
		}
		fmt.Fprintf(&b, "%-42s %s\n", name, strings.Join(list, " "))
	}
	for name := range unwritten {
		require.Contains(t, changed, name, "unwritten names a field that does not exist")
	}
	for _, key := range fields(func(f *field) bool { return held(f.value.schema) == nil }) {
		require.Equal(t, !slices.Contains(derived, key), written[key], "%s: no field of the model changes it", key)
	}
	golden(t, "testdata/fields.txt", b.String())
}

// differing are the keys whose values are not the same, or are in one record only;
// objects and lists of them count only by their parts, but endpoints.
func differing(x, y map[[2]string]string) map[string]bool {
	all := map[string]bool{}
	for _, pair := range [][2]map[[2]string]string{{x, y}, {y, x}} {
		for at, value := range pair[0] {
			other, ok := pair[1][at]
			if parts := value[0] == '{' && !strings.HasPrefix(value, `{"ip"`) || strings.HasPrefix(value, "[{"); !ok || other != value && !parts {
				all[at[0]] = true
			}
		}
	}
	return all
}

const (
	ways  = 2 // in which change changes values: an endpoint's port and address, a packet's number and file
	depth = 4 // of what it changes in structs that records do not write
)

func change(v reflect.Value, way, level int) {
	if level > depth || !v.CanSet() {
		return
	}
	switch x := v.Addr().Interface().(type) {
	case *netip.Addr:
		*x = netip.MustParseAddr("198.51.100.77")
		return
	case *netip.AddrPort:
		if *x = netip.AddrPortFrom(x.Addr(), x.Port()+1); way == 1 || !x.Addr().IsValid() {
			*x = netip.AddrPortFrom(netip.MustParseAddr("198.51.100.77"), x.Port()-1)
		}
		return
	case *flow.Pos:
		if *x = flow.At(x.File(), x.Packet()+1); way == 1 {
			*x = flow.At(x.File()+1, x.Packet()-1)
		}
		return
	case *time.Time:
		*x = x.Add(time.Hour)
		return
	case *record.Stamp:
		x.Time += flow.Second / 2
		return
	}
	changeKind(v, way, level)
}

func changeKind(v reflect.Value, way, level int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(v.Uint() + 1)
	case reflect.Float64:
		v.SetFloat(v.Float() + 1)
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		change(v.Elem(), way, level+1)
	case reflect.Struct:
		for i := range v.NumField() {
			change(v.Field(i), way, level+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			change(v.Index(i), way, level+1)
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		change(v.Index(0), way, level+1)
	case reflect.Map:
		for _, k := range v.MapKeys() {
			x := reflect.New(v.Type().Elem()).Elem()
			x.Set(v.MapIndex(k))
			change(x, way, level+1)
			v.SetMapIndex(k, x)
		}
	case reflect.Interface: // what a reader says of a connection: match takes out of it what is written
	default:
		panic("no way to change a " + v.Type().String())
	}
}

// TestNull takes away all that can be unknown: the keys that are null then are those that
// the schema says can be.
func TestNull(t *testing.T) {
	s, null := compiled(t), map[string]bool{}
	look := func(record any) {
		text := line(t, record)
		valid(t, s, text)
		for at, value := range keys(t, text) {
			if value == "null" {
				null[at[0]] = true
			}
		}
	}
	for _, whole := range []bool{false, true} { // without what pointers point to, and without all the rest
		for _, record := range full {
			r := record()
			fieldsOf(r, func(name string, v reflect.Value) {
				switch {
				case v.Kind() == reflect.Pointer, name == "Session.Said.Dialogue.Command", name == "Session.Findings.Transfer",
					strings.HasPrefix(name, "Session.Transfers.Frames."):
					v.SetZero()
				}
			})
			if whole {
				forget(reflect.ValueOf(r).Elem())
			}
			look(r)
		}
	}
	ofNone := fullSession()
	ofNone.Verdict.Transfer, ofNone.TCP = 0, &record.TCP{}
	ofNone.Handshake = &record.TLSInfo{Alert: record.TLSAlert{Mark: flow.Mark{Ord: 1, Pos: flow.At(0, 1)}}, Certificate: &record.Certificate{NotAfter: time.Unix(1, 0).UTC()}}
	ofNone.Transfers[0].Handshake = &record.TLSInfo{}
	look(ofNone)
	apart := fullSession() // what sniff -w did not keep, and of what it forgot where it was
	for _, at := range [...]*flow.Pos{&apart.Operations[0].Pos, &apart.Dialogue[0].Pos, &apart.Dialogue[0].Replies[0].Pos} {
		*at = flow.OnLink(0, 7).Apart()
	}
	look(apart)
	pause := fullSummary()
	*pause.Last = *pause.First
	look(pause)
	require.Equal(t, fields(func(f *field) bool { return f.null != "" }), slices.Sorted(maps.Keys(null)))
}

// forget takes away the records that a record points to.
func forget(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		switch {
		case f.Kind() == reflect.Pointer:
			f.SetZero()
		case isRecord(f.Type()):
			forget(f)
		case f.Kind() == reflect.Slice && isRecord(f.Type().Elem()):
			for n := range f.Len() {
				forget(f.Index(n))
			}
		}
	}
}
