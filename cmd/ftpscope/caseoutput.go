package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/casedb"
	"ftpscope/analyze/report/formats"
	"ftpscope/capture"
)

// caseFormat is the format that is no stream of bytes: a library opens its file.
var caseFormat = report.Format{Name: "sqlite", Doc: "into a case database, with every command: sqlite=case.db; analyses accumulate", Dialogue: true}

func allFormats() []report.Format { return append(formats.All(), caseFormat) }

func findFormat(name string) (report.Format, bool) {
	if name == caseFormat.Name {
		return caseFormat, true
	}
	return formats.Find(name)
}

func wantsDialogue(specs []outputSpec) bool {
	return slices.ContainsFunc(specs, func(s outputSpec) bool { return s.format.Dialogue })
}

// wantsCurves reports whether an output draws pictures of transfers.
func wantsCurves(specs []outputSpec) bool {
	return slices.ContainsFunc(specs, func(s outputSpec) bool { return s.format.Curves })
}

// openCase opens a case database. It is written in place: the library sees to it that nobody reads half a run.
func (j *job) openCase(spec outputSpec) (*output, error) {
	info, _ := debug.ReadBuildInfo()
	db, err := casedb.Open(spec.path, casedb.Options{
		ShowPasswords: j.flags.showPasswords, Version: version(info), CommandLine: os.Args, Settings: strings.TrimSpace(j.flags.settings() + " " + j.extract.settings()), Inputs: j.inputs,
	})
	if err != nil {
		return nil, caseError{spec.path, err}
	}
	return &output{spec: spec, writer: db, db: db}, nil
}

// caseError names the case once, whoever found what is wrong.
type caseError struct {
	path string
	err  error
}

func (e caseError) Error() string { return e.path + ": " + cause(e.err).Error() }

// settings are the flags that change what is stored.
func (f *common) settings() string {
	var list []string
	for _, p := range f.ports {
		list = append(list, "--port "+strconv.Itoa(int(p)))
	}
	list = append(list, f.judgeFlags.settings()...)
	list = append(list, f.choiceFlags.settings()...)
	if f.filter != "" {
		list = append(list, "--filter "+strconv.Quote(f.filter))
	}
	list = append(list, f.readFlags.settings()...)
	return strings.Join(list, " ")
}

// tellCase says what became of a run, where that is not what everybody expects.
func (j *job) tellCase(o *output) {
	if o.db == nil {
		return
	}
	out := o.db.Outcome()
	switch {
	case out.Unchanged:
		j.warning("%s: already has this analysis: nothing changed", o.spec.path)
	case out.Replaced != nil:
		j.warning("%s: this analysis replaced an earlier one of the same captures (%s)", o.spec.path,
			strings.TrimRight(out.Replaced.Version+" "+out.Replaced.Settings, " "))
	}
	for _, name := range out.Overlaps {
		j.warning("%s: %s is also part of another analysis: its sessions count more than once (v_overlaps)", o.spec.path, name)
	}
}

// silent keeps the dialogue from an output that is to have it only with --commands.
type silent struct{ report.Writer }

// Session hands on the session without its dialogue.
func (w silent) Session(s *record.Session) error {
	quiet := *s
	quiet.Dialogue = nil
	return w.Writer.Session(&quiet)
}

// hashed names the files of a capture with their SHA-256. Regular ones are read once more; of standard input and pipes the
// capture digested what it read.
func hashed(c *capture.Capture) (list []report.Input) {
	digests := c.Digests()
	for _, name := range c.Files() {
		in := report.Input{Name: name}
		if d, ok := digests[name]; ok {
			in.Size, in.SHA256 = d.Size, hex.EncodeToString(d.SHA256[:])
		} else if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			in.Size, in.SHA256 = hashFile(name)
		}
		list = append(list, in)
	}
	return list
}

// hashFile returns no SHA-256 of a file that cannot be read.
func hashFile(name string) (size int64, sha string) {
	file, err := os.Open(name)
	if err != nil {
		return 0, ""
	}
	defer file.Close()
	sum := sha256.New()
	if size, err = io.Copy(sum, file); err != nil {
		return size, ""
	}
	return size, hex.EncodeToString(sum.Sum(nil))
}
