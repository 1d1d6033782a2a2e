// Package wire makes bytes of records for their way from a sensor to its hub, and records
// of the bytes again: a record a frame, frames in blocks. Package spool keeps the blocks
// until the hub has them.
package wire

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
)

// Record is one of the records that sessions' formats take; one field is set.
type Record struct {
	Session *record.Session
	Attempt *record.Attempt
	Orphan  *record.Orphan
	Summary *record.Summary
}

// MaxRecord bounds a record's bytes: one session of ten thousand transfers has 25 MB.
const MaxRecord = 64 << 20

// ErrTooLarge says that a record has more bytes than MaxRecord.
var ErrTooLarge = errors.New("the record is too large")

// CBOR (RFC 8949) keeps what JSON does not: strings that are no UTF-8, as the wire had
// them. Keys are the names of fields: what a reader does not know it passes over, and
// what a writer did not know is zero, so that sensors and collectors of different
// versions understand each other.
var (
	encoding = must(cbor.EncOptions{}.EncMode())
	decoding = must(cbor.DecOptions{
		UTF8: cbor.UTF8DecodeInvalid, MaxArrayElements: 1 << 17, MaxMapPairs: 1 << 10, MaxNestedLevels: 24,
	}.DecMode())
)

// must is for options that are ours.
func must[T any](mode T, err error) T {
	if err != nil {
		panic(err)
	}
	return mode
}

// Encode makes bytes of a record. What only the steps before the report need does not
// travel, and passwords do only when they are to be shown.
func Encode(r Record, showPasswords bool) ([]byte, error) {
	switch {
	case r.Session != nil:
		r.Session = lean(r.Session, showPasswords)
	case r.Orphan != nil:
		o := *r.Orphan
		o.Conn.Facts = nil
		r.Orphan = &o
	}
	b, err := encoding.Marshal(r)
	if err == nil && len(b) > MaxRecord {
		err = ErrTooLarge
	}
	return b, err
}

// Decode is the reverse.
func Decode(b []byte) (Record, error) {
	var r Record
	if err := decoding.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("not a record: %w", err)
	}
	if err := check(reflect.ValueOf(r), ""); err != nil {
		return r, err
	}
	set := 0
	for _, is := range []bool{r.Session != nil, r.Attempt != nil, r.Orphan != nil, r.Summary != nil} {
		if is {
			set++
		}
	}
	if set != 1 {
		return r, errors.New("not a record: it is none of the kinds that are known here")
	}
	return r, nil
}

// Write hands the record to a writer of its kind.
func (r Record) Write(w report.Writer) error {
	switch {
	case r.Session != nil:
		return w.Session(r.Session)
	case r.Attempt != nil:
		return w.Attempt(r.Attempt)
	case r.Orphan != nil:
		return w.Orphan(r.Orphan)
	}
	return w.Summary(r.Summary)
}

// From names the sensor that a record is of.
func (r Record) From(sensor string) {
	switch {
	case r.Session != nil:
		r.Session.Sensor = sensor
	case r.Attempt != nil:
		r.Attempt.Sensor = sensor
	case r.Orphan != nil:
		r.Orphan.Sensor = sensor
	case r.Summary != nil:
		r.Summary.Sensor = sensor
	}
}

// lean is a session without what does not travel.
func lean(s *record.Session, showPasswords bool) *record.Session {
	c := *s
	c.Notes.Twin, c.Notes.Control.Facts = nil, nil
	c.Transfers = append([]record.Transfer(nil), s.Transfers...)
	for i := range c.Transfers {
		n := &c.Transfers[i].Notes
		if n.Conn != nil {
			conn := *n.Conn
			conn.Facts = nil
			n.Conn = &conn
		}
		if len(n.Tried) > 0 {
			n.Tried = append(n.Tried[:0:0], n.Tried...)
			for k := range n.Tried {
				n.Tried[k].Facts = nil
			}
		}
	}
	if showPasswords {
		return &c
	}
	hidden := record.HiddenText
	if c.Password != nil {
		c.Password = &hidden
	}
	if c.Dialogue != nil {
		c.Dialogue = append([]record.Exchange(nil), s.Dialogue...)
	}
	for i := range c.Dialogue {
		if e := &c.Dialogue[i]; e.Argument != nil && report.Secret(e.Command) {
			e.Argument = &hidden
		}
	}
	return &c
}
