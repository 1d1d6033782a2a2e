package main

import (
	"fmt"

	"ftpscope/analyze"
	"ftpscope/analyze/extract"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture"
)

// openFolder makes the directory of --extract; nil without it.
func (j *job) openFolder(f *extractFlags) (*extract.Folder, error) {
	if f.dir == "" {
		return nil, nil
	}
	folder, err := extract.OpenFolder(f.dir)
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
	opt.Dialogue = false
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
	return analyze.Run(again, opt, x.Records(tee))
}

// problemOnce takes what a second reading says that the first did not.
func (j *job) problemOnce(err *capture.FileError) {
	if !j.said[err.Error()] {
		j.problem(err)
	}
}
