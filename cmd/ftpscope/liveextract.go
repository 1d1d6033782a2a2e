package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"ftpscope/analyze/extract"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture/confine"
)

// makeFolder makes the directory of --extract while there are rights to, and gives it to the user who is to write there.
func (s *sniffing) makeFolder(user confine.User) bool {
	dir := s.extract.dir
	if dir == "" {
		return true
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return true // what was there before keeps its owner
	}
	err := os.MkdirAll(dir, 0o777)
	if err == nil {
		var f *os.File
		if f, err = os.Open(dir); err == nil {
			err = user.Own(f)
			f.Close()
		}
	}
	if err != nil {
		s.fail("--extract %s: %v", dir, cause(err))
	}
	return err == nil
}

// openExtract makes ready to read data as they pass.
func (s *sniffing) openExtract() bool {
	if !s.extract.wanted() {
		return true
	}
	folder, err := s.openFolder(s.extract)
	if err != nil {
		s.fail("%v", err)
		return false
	}
	ports := append([]uint16{21, 990}, s.flags.ports...)
	s.folder = folder
	s.extractor = extract.NewLive(extract.LiveOptions{
		Options: s.extract.options(),
		Control: func(port uint16) bool { return slices.Contains(ports, port) }, Chosen: s.chosen(),
	}, folder, func(err error) { s.fail("%s: %v", s.extract.dir, err) })
	return true
}

// chosen reports whether the outputs show a session.
func (s *sniffing) chosen() func(*record.Session) bool {
	var p probe
	choose := s.flags.choice.Choose(&p)
	return func(x *record.Session) bool {
		p = false
		_ = choose.Session(x)
		return bool(p)
	}
}

// probe tells whether a record came through.
type probe bool

func (p *probe) Session(*record.Session) error { *p = true; return nil }
func (*probe) Attempt(*record.Attempt) error   { return nil }
func (*probe) Orphan(*record.Orphan) error     { return nil }
func (*probe) Summary(*record.Summary) error   { return nil }

// records are the outputs, behind what completes records.
func (s *sniffing) records(tee *report.Tee) extract.Records {
	if s.extractor == nil {
		return tee
	}
	return s.extractor.Records(tee)
}
