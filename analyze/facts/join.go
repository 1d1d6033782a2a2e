package facts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
)

// ErrNone says that there is nothing to join.
var ErrNone = errors.New("no facts files")

// SetError says why files are not the pieces of one set.
type SetError struct{ Text string }

// Error says it.
func (e *SetError) Error() string { return e.Text }

// Ordered puts the pieces of a set in order. It is an error if they are not one set, not
// all of it, or if there are two of a piece: nothing tells which of them is right.
func Ordered(files []*Reader) (pieces []*Reader, err error) {
	if len(files) == 0 {
		return nil, ErrNone
	}
	first := files[0]
	have := map[int]*Reader{}
	for _, f := range files {
		if d := first.differs(&f.Head); d != "" {
			return nil, &SetError{fmt.Sprintf("%s and %s are not pieces of one set: %s", first.name, f.name, d)}
		}
		n := max(f.Piece.Index, 1)
		if other := have[n]; other != nil {
			return nil, &SetError{fmt.Sprintf("%s and %s are both piece %s of %s: leave one out", other.name, f.name, f.Piece, f.Point)}
		}
		have[n] = f
		pieces = append(pieces, f)
	}
	var missing []string
	for i := range max(first.Piece.Of, 1) {
		if have[i+1] == nil {
			missing = append(missing, Piece{i + 1, first.Piece.Of}.String())
		}
	}
	if len(missing) > 0 {
		return nil, &SetError{fmt.Sprintf("%s: the set is not complete: piece %s missing", first.Point, strings.Join(missing, ", "))}
	}
	slices.SortFunc(pieces, func(a, b *Reader) int { return cmp.Compare(a.Piece.Index, b.Piece.Index) })
	return pieces, nil
}

// differs says what keeps two heads from being of one set; empty: nothing.
func (h *Head) differs(o *Head) string {
	switch {
	case h.Point != o.Point:
		return fmt.Sprintf("they are of %q and %q", h.Point, o.Point)
	case h.Piece.Of != o.Piece.Of:
		return fmt.Sprintf("one is %s, the other %s", h.Piece, o.Piece)
	case h.Program != o.Program:
		return fmt.Sprintf("ftpscope %s made one, %s the other", h.Program, o.Program)
	case h.Settings != o.Settings || !slices.Equal(h.Ports, o.Ports) || h.MergeNetworks != o.MergeNetworks || h.Dialogue != o.Dialogue ||
		h.Curves != o.Curves || h.ShowPasswords != o.ShowPasswords || h.NoSecrets != o.NoSecrets || !slices.Equal(h.Files, o.Files):
		return "they were made with different flags, or of different files"
	}
	return ""
}

// Join makes of all pieces of a set, in any order, the records that one analysis of the
// set makes. Of opt the reports' part counts: what concerns reading was settled when the
// facts were made. The steps rely on what shards never do, but a forged log may: an
// expectation that its session does not know. When ctx is done it ends with its error.
func Join(ctx context.Context, files []*Reader, opt analyze.Options, out analyze.Records) (sum *record.Summary, err error) {
	pieces, err := Ordered(files)
	if err != nil {
		return nil, err
	}
	r := pieces[0]
	defer func() {
		if x, ok := recover().(runtime.Error); ok {
			sum, err = nil, &Error{r.name, -1, fmt.Errorf("%w: the log contradicts itself (%w)", ErrDamaged, x)}
		}
	}()
	opt.Ports, opt.MergeNetworks, opt.Dialogue, opt.Curves, opt.ShowPasswords = r.Ports, r.MergeNetworks, r.Dialogue, r.Curves, r.ShowPasswords
	replay := analyze.Replay{Files: len(r.Files), Network: r.Network, Play: func(log analyze.Log) (*analyze.Totals, error) {
		return r.Play(ctx, log)
	}}
	return replay.Run(opt, out)
}
