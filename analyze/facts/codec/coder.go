// Package codec writes what shards learn as bytes, and reads it again; package facts makes
// files of them.
//
// Each type has one function for both directions, so that what is written and what is read
// cannot differ. Numbers are varints; places and times are told by what changed since the
// mark before, which is little in a log that is in order.
package codec

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"
	"unsafe"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Coder writes values behind those before, or reads the next ones. After an error, which
// only reading makes, values are zero.
type Coder struct {
	buf   []byte // written so far, or left to read
	reads bool
	last  flow.Mark
	held  int // bytes of the lists that were read since Begin
	err   error
}

// maxHeld bounds what one value's lists hold in memory: a forged one has elements that
// take a byte each in the file. A shard's conversations hold 32 MiB.
const maxHeld = 128 << 20

// Begin says that another value begins.
func (c *Coder) Begin() { c.held = 0 }

// NewWriter makes a Coder that writes.
func NewWriter() *Coder { return &Coder{} }

// NewReader makes a Coder that reads b, which it keeps no part of.
func NewReader(b []byte) *Coder { return &Coder{buf: b, reads: true} }

// Bytes is what was written since Reset, or what is left to read.
func (c *Coder) Bytes() []byte { return c.buf }

// Reset begins anew: what follows can be read alone.
func (c *Coder) Reset() { c.buf, c.last = c.buf[:0], flow.Mark{} }

// Err is what is wrong with what was read.
func (c *Coder) Err() error { return c.err }

// errShort and errValue are what can be wrong.
var (
	errShort = errors.New("values are cut short")
	errValue = errors.New("a value is out of its range")
)

// Fail says that what was read makes no sense.
func (c *Coder) Fail() { c.fail(errValue) }

func (c *Coder) fail(err error) {
	if c.err == nil {
		c.err, c.buf = err, nil
	}
}

type integer interface {
	~int | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Number takes a number that is seldom negative.
func Number[T integer](c *Coder, p *T) {
	if !c.reads {
		c.buf = binary.AppendUvarint(c.buf, uint64(*p))
		return
	}
	v, n := binary.Uvarint(c.buf)
	if n <= 0 {
		c.fail(errShort)
		*p = 0
		return
	}
	if c.buf = c.buf[n:]; uint64(T(v)) != v {
		c.fail(errValue)
		v = 0
	}
	*p = T(v)
}

// signed takes a number near 0.
func signed[T integer](c *Coder, p *T) {
	v := int64(*p)
	z := uint64(v)<<1 ^ uint64(v>>63)
	if Number(c, &z); c.reads {
		*p = T(int64(z>>1) ^ -int64(z&1))
	}
}

// Bool takes a truth value.
func (c *Coder) Bool(p *bool) {
	v := uint8(0)
	if *p {
		v = 1
	}
	if c.byte(&v); v > 1 {
		c.fail(errValue)
	}
	*p = v == 1
}

func (c *Coder) byte(p *uint8) {
	if !c.reads {
		c.buf = append(c.buf, *p)
		return
	}
	if len(c.buf) == 0 {
		c.fail(errShort)
		*p = 0
		return
	}
	*p, c.buf = c.buf[0], c.buf[1:]
}

// raw takes bytes of a known number.
func (c *Coder) raw(b []byte) {
	if !c.reads {
		c.buf = append(c.buf, b...)
		return
	}
	if len(c.buf) < len(b) {
		c.fail(errShort)
		clear(b)
		return
	}
	copy(b, c.buf)
	c.buf = c.buf[len(b):]
}

// length takes that of a list whose elements take a byte at least: what is read can have
// no more of them than there are bytes left.
func (c *Coder) length(n int) int {
	if Number(c, &n); c.reads && (n < 0 || n > len(c.buf)) {
		c.fail(errShort)
		return 0
	}
	return n
}

// String takes a text.
func (c *Coder) String(p *string) {
	n := c.length(len(*p))
	if !c.reads {
		c.buf = append(c.buf, *p...)
		return
	}
	*p = string(c.buf[:n])
	c.buf = c.buf[n:]
}

// optional takes what a pointer leads to, if it is not nil.
func optional[T any](c *Coder, p **T, take func(*Coder, *T)) {
	there := *p != nil
	if c.Bool(&there); !there {
		*p = nil
		return
	}
	if c.reads {
		*p = new(T)
	}
	take(c, *p)
}

// List takes the elements of a list; one that is empty, and not nil, stays so.
func List[T any](c *Coder, p *[]T, take func(*Coder, *T)) {
	n := len(*p) + 1
	if *p == nil {
		n = 0
	}
	if n = c.length(n); !c.reads {
		for i := range *p {
			take(c, &(*p)[i])
		}
		return
	}
	if *p = nil; n > 0 {
		*p = make([]T, 0, min(n-1, firstRoom)) // grows as elements turn out to be there
	}
	for range n - 1 {
		var x T
		if c.held += int(unsafe.Sizeof(x)); c.held > maxHeld {
			c.fail(errValue)
		}
		if take(c, &x); c.err != nil {
			return
		}
		*p = append(*p, x)
	}
}

// firstRoom is how many elements a list that is read has room for before one of them was:
// a length may be a lie.
const firstRoom = 16

// Text is String, for lists and pointers.
func Text(c *Coder, p *string) { c.String(p) }

// Time takes a time near the last mark, or none.
func Time(c *Coder, p *flow.Time) {
	known := *p != 0
	if c.Bool(&known); !known {
		*p = 0
		return
	}
	d := *p - c.last.Time
	if signed(c, &d); c.reads {
		*p = c.last.Time + d
	}
}

// span takes how long something was.
func span(c *Coder, p *flow.Time) { signed(c, p) }

// Mark takes a mark, which the next ones are told by.
func Mark(c *Coder, p *flow.Mark) {
	known := *p != flow.Mark{}
	if c.Bool(&known); !known {
		*p = flow.Mark{}
		return
	}
	ord, t := int64(p.Ord-c.last.Ord), p.Time-c.last.Time
	place := int64(uint64(p.Pos)-uint64(c.last.Pos)) - ord
	signed(c, &ord)
	signed(c, &t)
	if signed(c, &place); c.reads {
		*p = flow.Mark{Time: c.last.Time + t, Ord: c.last.Ord + uint64(ord), Pos: flow.Pos(uint64(c.last.Pos) + uint64(place+ord))}
	}
	c.last = *p
}

// pos takes a place near the last mark, or none.
func pos(c *Coder, p *flow.Pos) {
	known := *p != 0
	if c.Bool(&known); !known {
		*p = 0
		return
	}
	d := int64(uint64(*p) - uint64(c.last.Pos))
	if signed(c, &d); c.reads {
		*p = flow.Pos(uint64(c.last.Pos) + uint64(d))
	}
}

// ord takes the number of a packet near the last mark, or the largest: none.
func ord(c *Coder, p *uint64) {
	none := *p == ^uint64(0)
	if c.Bool(&none); none {
		*p = ^uint64(0)
		return
	}
	d := int64(*p - c.last.Ord)
	if signed(c, &d); c.reads {
		*p = c.last.Ord + uint64(d)
	}
}

// Stamp takes a time as the capture's clock gives it.
func Stamp(c *Coder, p *record.Stamp) {
	Time(c, &p.Time)
	c.byte(&p.Digits)
}

// Address takes an address; the invalid one is one of them.
func Address(c *Coder, p *netip.Addr) {
	kind := uint8(p.BitLen() / 32)
	c.byte(&kind)
	switch kind {
	case 0:
		*p = netip.Addr{}
	case 1:
		var b [4]byte
		if !c.reads {
			b = p.As4()
		}
		c.raw(b[:])
		*p = netip.AddrFrom4(b)
	case 4:
		b := p.As16()
		c.raw(b[:])
		*p = netip.AddrFrom16(b)
	default:
		c.fail(errValue)
	}
}

// end takes an endpoint.
func end(c *Coder, p *netip.AddrPort) {
	a, n := p.Addr(), p.Port()
	Address(c, &a)
	Number(c, &n)
	*p = netip.AddrPortFrom(a, n)
}

// clock takes a time of day, as certificates have it.
func clock(c *Coder, p *time.Time) {
	known := !p.IsZero()
	if c.Bool(&known); !known {
		*p = time.Time{}
		return
	}
	s, ns := p.Unix(), p.Nanosecond()
	signed(c, &s)
	if Number(c, &ns); c.reads {
		*p = time.Unix(s, int64(ns)).UTC()
	}
}
