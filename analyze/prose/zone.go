package prose

import (
	"errors"
	"strings"
	"time"

	"ftpscope/capture/flow"
)

// Zone is where a reader's clock is; the zero value is UTC. Texts for people are written
// in it, records and what programs read always in UTC.
type Zone struct{ at *time.Location }

// ReadZone reads the name of a zone: UTC, local, or one of IANA's, as Europe/Berlin.
func ReadZone(name string) (Zone, error) {
	switch strings.ToLower(name) {
	case "", "utc":
		return Zone{}, nil
	case "local":
		return Zone{time.Local}, nil
	}
	at, err := time.LoadLocation(name)
	if err != nil {
		return Zone{}, errors.New("no such zone")
	}
	return Zone{at}, nil
}

// Location is the zone for package time.
func (z Zone) Location() *time.Location {
	if z.at == nil {
		return time.UTC
	}
	return z.at
}

// At is a packet's time as the zone's clocks show it.
func (z Zone) At(t flow.Time) time.Time { return time.Unix(0, int64(t)).In(z.Location()) }

// Clock is a time of day, to the second.
func (z Zone) Clock(t flow.Time) string { return z.At(t).Format(time.TimeOnly) }

// Date is a time's day.
func (z Zone) Date(t flow.Time) string { return z.At(t).Format(time.DateOnly) }

// Moment is a time with its date.
func (z Zone) Moment(t flow.Time) string { return z.At(t).Format(time.DateTime) }

// Period is from when to when, to the second: the second date only where it is another
// one.
func (z Zone) Period(from, to flow.Time) string {
	switch {
	case z.Moment(from) == z.Moment(to):
		return z.Moment(from)
	case z.Date(from) == z.Date(to):
		return z.Moment(from) + " to " + z.Clock(to)
	}
	return z.Moment(from) + " to " + z.Moment(to)
}

// Days is a time's day, or the first and the last.
func (z Zone) Days(from, to flow.Time) string {
	first, last := z.Date(from), z.Date(to)
	if first == last {
		return first
	}
	return first + " to " + last
}

// Name is what clocks are called at these times, as it stands behind them: UTC, CET, or
// CET/CEST over a change to summer time; UTC+05:30 where there is no name.
func (z Zone) Name(from, to flow.Time) string {
	first, last := clockName(z.At(from)), clockName(z.At(to))
	if first != last {
		return first + "/" + last
	}
	return first
}

// IsUTC reports whether the zone is UTC.
func (z Zone) IsUTC() bool { return z.Location() == time.UTC }

func clockName(t time.Time) string {
	name, _ := t.Zone()
	if name == "" || name[0] == '+' || name[0] == '-' {
		return "UTC" + t.Format("-07:00")
	}
	return name
}

// UTC is a packet's time as time.Time, for what programs read.
func UTC(t flow.Time) time.Time { return time.Unix(0, int64(t)).UTC() }
