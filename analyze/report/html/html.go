// Package html writes one self-contained page for reviewers, for -o html. Package formats
// makes it known.
package html

import (
	"cmp"
	"io"
	"slices"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/servers"
)

// writer collects what the page shows of each session and writes the page with the
// summary: the verdict, which comes first, is known last. A session is kept as its row of
// the table and its details, ready as JSON.
type writer struct {
	out     io.Writer
	opt     report.Options
	limits  limits
	kept    [diagnosis.Ranks][]*entry // by how much they deserve to be looked at, each in order of arrival
	count   int                       // of kept
	bytes   int                       // of their details
	seen    int
	tally   tally
	found   findingTable
	hosts   hostTable
	servers *servers.Seen
	parties parties
	files   fileTable
	labels  passwordLabels
	perFile map[int]*fileFacts // by the file's index
	series  []series
	tried   []tried
	stray   []tried
	causes  diagnosis.Causes
	answer  diagnosis.Answer
	room    curveRoom
}

// limits are what a browser opens without freezing, and what the run has memory for.
type limits struct {
	sessions int // kept
	details  int // bytes of JSON, over all sessions
	ladder   int // lines of one session's ladder
}

const (
	maxSessions = 10_000
	maxDetails  = 64 << 20
	maxLadder   = 500
	maxTried    = 100 // attempts and orphans each
)

// entry is a session that is kept.
type entry struct {
	row    tableRow
	order  int
	party  partyPair
	detail []byte // nil: there was no room
	curves []curve
}

// Format is -o html.
func Format() report.Format {
	return report.Format{Name: "html", Doc: "one self-contained page for reviewers: verdict, findings, timeline, every session's ladder", New: newWriter, Dialogue: true, Curves: true}
}

func newWriter(w io.Writer, o report.Options) report.Writer {
	return &writer{out: w, opt: o, limits: limits{maxSessions, maxDetails, maxLadder},
		tally: tally{modes: map[string]int{}, outcomes: map[string]int{}}, found: findingTable{}, hosts: newHostTable(), servers: servers.New(),
		room: curveRoom{maxCurves, maxQuietCurves}, parties: newParties(), labels: passwordLabels{}, perFile: map[int]*fileFacts{}}
}

func (h *writer) Session(s *record.Session) error {
	if s.Open { // a snapshot: the session comes again when it ended
		return nil
	}
	h.seen++
	h.servers.Add(s)
	h.hosts.add(s)
	h.answer.Session(s)
	rank := max(h.tally.add(s), h.found.add(s), rankOf(s.Verdict))
	h.causes.Session(s, h.opt.FileNumbers(s))
	h.parties.add(s, rank, h.labels)
	h.files.add(s, h.opt.FileNumbers(s))
	h.place(s)
	h.series = serious(h.series, s)
	if h.count >= h.limits.sessions && !h.makeRoom(rank) {
		return nil
	}
	e := &entry{row: newTableRow(s, rank), order: h.seen, party: partyOf(s)}
	detail := h.detail(s)
	for len(detail)+h.bytes > h.limits.details && h.forgetDetail(rank) {
	}
	if len(detail)+h.bytes <= h.limits.details {
		e.detail, e.curves = detail, h.curves(s)
		h.bytes += len(detail)
	}
	h.kept[rank] = append(h.kept[rank], e)
	h.count++
	return nil
}

// makeRoom forgets the last session of the lowest rank below this one.
func (h *writer) makeRoom(rank int) bool {
	for r := range rank {
		if n := len(h.kept[r]); n > 0 {
			h.bytes -= len(h.kept[r][n-1].detail)
			h.kept[r][n-1] = nil
			h.kept[r] = h.kept[r][:n-1]
			h.count--
			return true
		}
	}
	return false
}

// forgetDetail drops the details of the last session that has some in the lowest rank
// below this one.
func (h *writer) forgetDetail(rank int) bool {
	for _, list := range h.kept[:rank] {
		for _, e := range slices.Backward(list) {
			if e.detail != nil {
				h.bytes -= len(e.detail)
				e.detail, e.curves = nil, nil
				return true
			}
		}
	}
	return false
}

func (h *writer) Attempt(a *record.Attempt) error {
	h.answer.Attempt(a)
	h.causes.Attempt(a)
	h.hosts.attempt(a)
	why := ""
	if a.Verdict != nil {
		why = diagnosis.Place(a.Verdict)
	}
	if len(h.tried) < maxTried {
		h.tried = append(h.tried, tried{When: h.clock().when(moment, a.First.Time), From: a.ClientIP.String(), To: a.Server.String(),
			What: prose.Many(a.Count, "SYN") + ", " + diagnosis.Attempt(a), Why: why})
	}
	return nil
}

func (h *writer) Orphan(o *record.Orphan) error {
	h.answer.Orphan(o)
	h.causes.Orphan(o)
	why := ""
	if diagnosis.StandingOf(o.Verdict) == diagnosis.Failed {
		why = toldOf(o.Verdict.Text)
	}
	if c := &o.Connection; len(h.stray) < maxTried {
		h.stray = append(h.stray, tried{When: h.clock().when(moment, c.Start.Time), From: c.Src.String(), To: c.Dst.String(), What: prose.Size(o.Bytes), Why: why})
	}
	return nil
}

// entries are the kept sessions in the order in which they came.
func (h *writer) entries() []*entry {
	all := slices.Concat(h.kept[:]...)
	slices.SortFunc(all, func(a, b *entry) int { return cmp.Compare(a.order, b.order) })
	return all
}
