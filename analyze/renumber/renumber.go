// Package renumber says in records where packets are in the file that a live run keeps
// them in, instead of on the link: rules and verdicts, which come next, then name what
// somebody who opens that file sees.
package renumber

import (
	"reflect"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Numbers knows where packets are. Places that are not seen stay so.
type Numbers interface {
	InFile(onLink flow.Pos) flow.Pos // Apart, if the file does not hold it
	OnLink(inFile flow.Pos) flow.Pos // back
}

// Copy copies a record, with all that it points to, and renumbers the copy: what it
// points to may belong to connections that go on. Without Numbers it is the record.
func Copy[T any](x *T, n Numbers) *T {
	if n == nil {
		return x
	}
	c := copier{n, map[any]reflect.Value{}}
	to := *x
	c.inside(reflect.ValueOf(&to).Elem())
	return &to
}

type copier struct {
	Numbers
	copied map[any]reflect.Value // pointers, so that what was the same thing stays one
}

var (
	posType     = reflect.TypeFor[flow.Pos]()
	sessionType = reflect.TypeFor[*record.Session]()
)

// inside renumbers what a value holds that is a copy itself, but not yet what it points to.
func (c *copier) inside(v reflect.Value) {
	switch v.Kind() {
	case reflect.Uint64:
		if v.Type() == posType && v.CanSet() && !v.IsZero() {
			v.Set(reflect.ValueOf(c.InFile(flow.Pos(v.Uint()))))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				c.inside(f)
			}
		}
	case reflect.Array:
		if holds(v.Type().Elem(), nil) {
			c.each(v)
		}
	case reflect.Slice:
		if v.Len() > 0 && holds(v.Type().Elem(), nil) {
			to := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(to, v)
			v.Set(to)
			c.each(v)
		}
	case reflect.Pointer:
		if !v.IsNil() && v.Type() != sessionType && holds(v.Type().Elem(), nil) {
			v.Set(c.pointer(v))
		}
	case reflect.Interface:
		if x := v.Elem(); x.IsValid() && x.Kind() == reflect.Pointer && !x.IsNil() && holds(x.Type().Elem(), nil) {
			v.Set(c.pointer(x))
		}
	}
}

func (c *copier) each(list reflect.Value) {
	for i := range list.Len() {
		c.inside(list.Index(i))
	}
}

func (c *copier) pointer(p reflect.Value) reflect.Value {
	if to, ok := c.copied[p.Interface()]; ok {
		return to
	}
	to := reflect.New(p.Type().Elem())
	to.Elem().Set(p.Elem())
	c.copied[p.Interface()] = to
	c.inside(to.Elem())
	return to
}

// holds reports whether values of a type may hold a place of a packet; within are the
// types that it is asked within.
func holds(t reflect.Type, within []reflect.Type) bool {
	switch t.Kind() {
	case reflect.Uint64:
		return t == posType
	case reflect.Interface:
		return true
	case reflect.Array, reflect.Slice, reflect.Pointer:
		return t != sessionType && holds(t.Elem(), within)
	case reflect.Struct:
		for _, outer := range within {
			if outer == t {
				return false
			}
		}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && holds(f.Type, append(within, t)) {
				return true
			}
		}
	}
	return false
}

// Link notes in a session where on the link the packets are that it names, if there are
// Numbers.
func Link(s *record.Session, n Numbers) {
	if n == nil {
		return
	}
	for i := range s.Transfers {
		t := &s.Transfers[i]
		f := t.Frames
		t.Frames.Link = &record.Frames{
			Negotiation: n.OnLink(f.Negotiation), Command: n.OnLink(f.Command), SYN: n.OnLink(f.SYN), FirstData: n.OnLink(f.FirstData), Reply: n.OnLink(f.Reply),
		}
		LinkVerdict(t.Verdict, n)
	}
	LinkVerdict(s.Verdict, n)
	for i := range s.Findings {
		s.Findings[i].Link = links(s.Findings[i].Frames, n)
	}
	for i := range s.Dialogue {
		e := &s.Dialogue[i]
		e.Link = n.OnLink(e.Pos)
		for j := range e.Replies {
			e.Replies[j].Link = n.OnLink(e.Replies[j].Pos)
		}
	}
	for i := range s.Operations {
		s.Operations[i].Link = n.OnLink(s.Operations[i].Pos)
	}
}

// LinkVerdict does the same in a verdict, if there is one.
func LinkVerdict(v *record.Verdict, n Numbers) {
	if v != nil && n != nil {
		v.Link = links(v.Frames, n)
	}
}

func links(in []flow.Pos, n Numbers) []flow.Pos {
	to := make([]flow.Pos, len(in))
	for i, p := range in {
		to[i] = n.OnLink(p)
	}
	return to
}
