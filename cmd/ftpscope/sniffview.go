package main

import (
	"bytes"
	"os"
	"time"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/cmd/ftpscope/view"
)

// viewEvery is how often the view hears of open sessions, whether or not outputs do.
const viewEvery = 2 * time.Second

// openView makes the live view.
func (s *sniffing) openView() {
	out, _ := s.stdout.(*os.File) // what specs found to be a terminal
	s.view = view.New(view.Options{
		Interfaces: s.files, Files: s.follows, Color: s.flags.colored(true), ShowPasswords: s.flags.showPasswords, In: s.stdin, Out: out, Now: time.Now,
	})
	s.writers, s.watchers = append(s.writers, s.view), append(s.watchers, s.view)
}

// showView begins to draw. Who asks to quit twice wants it at once.
func (s *sniffing) showView() {
	if s.view == nil {
		return
	}
	s.lend(s.view.Warn)
	stopping := false
	s.view.Run(func() {
		if stopping {
			os.Exit(exitInterrupted)
		}
		stopping = true
		s.source.Stop()
	})
}

// closeView gives the terminal back and says on it what the view had to say.
func (s *sniffing) closeView(summary *record.Summary) {
	if s.view == nil {
		return
	}
	err := s.view.Close()
	s.lend(nil)
	for _, text := range s.view.Warnings() {
		s.warning("%s", text)
	}
	if err != nil {
		s.fail("%v", err)
	}
	if summary == nil {
		return
	}
	var b bytes.Buffer
	format, _ := report.Find("lines")
	if format.New(&b, report.Options{}).Summary(summary) == nil {
		s.print(b.String())
	}
}

// ended is a writer of sessions that ended: snapshots of those that go on are for others.
type endedOnly struct{ report.Writer }

func (w endedOnly) Session(x *record.Session) error {
	if x.Open {
		return nil
	}
	return w.Writer.Session(x)
}
