package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"ftpscope/analyze"
	"ftpscope/analyze/extract"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture"
	"ftpscope/capture/outfile"
	"ftpscope/cmd/ftpscope/sandbox"
)

// openFolder makes the directory of --extract; nil without it.
func (j *job) openFolder(f *extractFlags) (*extract.Folder, error) {
	if f.dir == "" {
		return nil, nil
	}
	folder, err := extract.OpenFolder(f.dir, j.flags.showPasswords)
	if err != nil {
		return nil, fmt.Errorf("--extract %s: %w", f.dir, cause(err))
	}
	return folder, nil
}

func (j *job) closeFolder(folder *extract.Folder) {
	if folder == nil {
		return
	}
	if err := folder.Close(); err != nil {
		j.fail("--extract %s: %v", j.extract.dir, cause(err))
	}
}

// spooled says that what can be read only once is copied to be read twice.
func (j *job) spooled(name string) {
	if !j.quiet {
		j.hint("%s is copied to a temporary file, because --hash and --extract read captures twice", name)
	}
}

// twice analyzes the captures in two passes: the first tells which data connections are wanted, the second reads them.
func (j *job) twice(c *capture.Capture, tee *report.Tee, folder *extract.Folder) (*record.Summary, error) {
	plan := extract.NewPlan(j.extract.options(), folder != nil)
	stop := j.progress("looking for transfers in", c, func() int64 { return 0 })
	opt := j.options()
	opt.Dialogue, opt.Curves = false, false
	_, err := analyze.Run(c, opt, j.flags.choice.Choose(plan))
	stop()
	if err != nil {
		return nil, err
	}
	again := c.Again(j.problemOnce)
	defer again.Close()
	x := extract.New(plan, folder, func(err error) { j.fail("%s: %v", j.extract.dir, err) })
	opt = j.options()
	opt.Follow, opt.Problem = x, j.problemOnce
	defer j.progress("analyzing", again, tee.Sessions)()
	return analyze.Run(again, opt, x.Records(j.watched(tee)))
}

// problemOnce takes what a second reading says that the first did not.
func (j *job) problemOnce(err *capture.FileError) {
	if !j.said[err.Error()] {
		j.problem(err)
	}
}

// makeFolder makes the directory of --extract while there are rights to, and gives it to the user who is to write there.
func (s *sniffing) makeFolder(user sandbox.User) bool {
	dir := s.extract.dir
	if dir == "" {
		return true
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return true // what was there before keeps its owner
	}
	dir, err := outfile.Mkdir(dir, s.flags.showPasswords)
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
	out := s.watched(tee)
	if s.extractor == nil {
		return out
	}
	return s.extractor.Records(out)
}
