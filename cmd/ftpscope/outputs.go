package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"ftpscope/analyze/extract"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/casedb"
	"ftpscope/analyze/report/formats"
	"ftpscope/capture"
	"ftpscope/capture/outfile"
)

// spec is one -o: a format and where it goes; no path means standard output.
type spec[F any] struct {
	format F
	path   string
}

type outputSpec = spec[report.Format]

// outputSpecs reads the -o flags; without any the result is a table.
func (e *env) outputSpecs(args []string) ([]outputSpec, bool) {
	spelled := make([]string, len(args))
	for i, arg := range args {
		spelled[i] = canonical(arg)
	}
	return specsOf(e, spelled, func(name string) (format report.Format, needsFile, known bool) {
		format, known = findFormat(name)
		if !known {
			e.error("no output format %q", name)
			if list := variants(name); len(list) > 0 {
				last := len(list) - 1
				e.hint("which one: %s or %s; to a file: %s=FILE", strings.Join(list[:last], ", "), list[last], list[0])
				return format, false, false
			}
			e.suggest(name, formatNames(), "", "formats: "+strings.Join(formatNames(), ", "))
		}
		return format, format.New == nil, known
	})
}

// specsOf reads -o flags of formats that find knows, and complains of those that it does not.
func specsOf[F any](e *env, args []string, find func(name string) (format F, needsFile, known bool)) (specs []spec[F], ok bool) {
	if len(args) == 0 {
		args = []string{"table"}
	}
	seen := map[string]bool{}
	for _, arg := range args {
		name, path, hasPath := strings.Cut(arg, "=")
		format, needsFile, known := find(name)
		if !known {
			return nil, false
		}
		switch {
		case hasPath && path == "":
			e.error("-o %s: no file after =", name)
			return nil, false
		case path == "-":
			path = ""
		case path != "":
			path = filepath.Clean(path)
		}
		if path == "" && needsFile {
			e.error("-o %s needs a file: -o %s=case.db", name, name)
			return nil, false
		}
		if seen[path] {
			e.error("two outputs to %s", place(path))
			e.hint("give one of them a file: -o %s=FILE", name)
			return nil, false
		}
		seen[path] = true
		specs = append(specs, spec[F]{format, path})
	}
	return specs, true
}

// canonical spells rules=nft, and rules=nft=FILE, as rules-nft: what a kind of format has several of belongs to its name.
func canonical(arg string) string {
	kind, rest, ok := strings.Cut(arg, "=")
	if _, known := formats.Find(kind); !ok || known {
		return arg
	}
	name, _, _ := strings.Cut(rest, "=")
	if _, known := formats.Find(kind + "-" + name); known {
		return kind + "-" + rest
	}
	return arg
}

// variants are the formats of a kind, spelled as -o takes them: rules=nft, …
func variants(kind string) (list []string) {
	for _, f := range formats.All() {
		if variant, ok := strings.CutPrefix(f.Name, kind+"-"); ok {
			list = append(list, kind+"="+variant)
		}
	}
	return list
}

func formatNames() []string {
	var names []string
	for _, f := range allFormats() {
		names = append(names, f.Name)
	}
	return names
}

func place(path string) string {
	if path == "" {
		return "standard output"
	}
	return path
}

// output is an open one: records → writer → buf → file; or records → db.
type output struct {
	spec    outputSpec
	writer  report.Writer
	db      *casedb.Writer
	buf     *bufio.Writer
	file    *os.File // nil: standard output
	private bool     // for the user's eyes only
	temp    string   // of a regular file: its name until it is whole
	final   string
	once    sync.Once
}

const outputBuffer = 64 << 10

// openOutputs opens what can be opened; the others are reported and left out.
func (j *job) openOutputs(specs []outputSpec, inputs []string) []*output {
	var outs []*output
	for _, spec := range specs {
		o, err := j.openOutput(spec, inputs)
		if err != nil {
			j.fail("%v", err)
			continue
		}
		outs = append(outs, o)
	}
	return outs
}

func (j *job) openOutput(spec outputSpec, inputs []string) (*output, error) {
	if err := overwrites(spec.path, inputs); err != nil {
		return nil, err
	}
	if spec.format.New == nil {
		return j.openCase(spec)
	}
	o := &output{spec: spec, private: j.flags.showPasswords}
	info, _ := debug.ReadBuildInfo()
	opt := j.flags.looks.options()
	opt.CommandLine, opt.Version, opt.Inputs = os.Args, version(info), j.inputs
	opt.ShowPasswords, opt.All, opt.Files = j.flags.showPasswords, j.flags.all, len(inputs)
	if spec.path == "" {
		opt = j.onto(opt, &j.flags.looks)
		o.buf = bufio.NewWriterSize(clearing{j.stdout, j.console}, outputBuffer)
	} else {
		if err := o.open(); err != nil {
			return nil, err
		}
		o.buf = bufio.NewWriterSize(o.file, outputBuffer)
	}
	o.writer = spec.format.New(o.buf, opt)
	if j.dialogue && !j.flags.commands && !spec.format.Dialogue {
		o.writer = silent{o.writer}
	}
	return o, nil
}

// open opens the file: a regular one under another name until it is whole, devices and pipes as they are.
func (o *output) open() error {
	path, err := outfile.Resolve(o.spec.path) // a link stays, its target is replaced
	if err != nil {
		return err
	}
	mode := outfile.Mode(o.private)
	if info, err := os.Stat(path); err == nil {
		if info.IsDir() {
			return fmt.Errorf("%s: is a directory", o.spec.path)
		}
		if !info.Mode().IsRegular() {
			o.file, err = outfile.Open(path, os.O_WRONLY, o.private)
			return err
		}
		if mode = info.Mode().Perm(); o.private {
			mode &= outfile.Mode(true)
		}
	}
	temp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.part", filepath.Base(path), os.Getpid()))
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		var where *fs.PathError
		if errors.As(err, &where) {
			err = where.Err
		}
		return fmt.Errorf("%s: %w", o.spec.path, err)
	}
	o.file, o.temp, o.final = file, temp, path
	return nil
}

// close ends an output: whole, the file gets its name; failed, it goes away.
func (o *output) close(err error) error {
	if o.db != nil {
		return cmp.Or(err, o.db.Close())
	}
	if err == nil {
		err = o.buf.Flush()
	}
	o.once.Do(func() {
		if o.file == nil {
			return
		}
		if e := o.file.Close(); err == nil {
			err = e
		}
		if o.temp == "" {
			return
		}
		if err == nil {
			err = os.Rename(o.temp, o.final)
		}
		if err != nil {
			os.Remove(o.temp)
		}
	})
	return err
}

// closeOutputs ends all outputs and reports those that failed. run is the analysis's own error, which is a writer's
// when every one of them failed.
func (j *job) closeOutputs(outs []*output, errs []error, run error) {
	told := false
	for i, o := range outs {
		err := errs[i]
		if err == nil && run != nil {
			err = run // the output is not whole
		}
		if err == nil && j.ended && o.spec.path != "" {
			err = errInterrupted
		}
		if err = o.close(err); err == nil {
			j.tellCase(o)
			if info, err := os.Stat(o.spec.path); err == nil && info.Mode().IsRegular() {
				j.wrote(o.spec.path, "%s, %s", o.spec.format.Name, prose.Size(uint64(info.Size())))
			}
			continue
		}
		told = true
		if o.spec.path == "" && closedPipe(err) {
			continue // whoever read the output has seen enough
		}
		j.fail("%s: %v", place(o.spec.path), cause(err))
	}
	if run != nil && !told {
		j.fail("%v", run)
	}
}

// cause drops the name from a file's error: the message has it already, and knows no temporary names.
func cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// closedPipe reports whether a write failed because nobody reads any more.
func closedPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// onInterrupt removes unfinished files when the user stops the program; the result undoes it. With endEarly the first
// SIGINT asks for what was found so far.
func onInterrupt(outs []*output, folder *extract.Folder, endEarly func()) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		var requests endRequests
		for {
			select {
			case sig := <-signals:
				request := requests.take(time.Now())
				if sig == os.Interrupt && endEarly != nil && request != endAgain {
					endEarly()
					continue
				}
				for _, o := range outs {
					if o.temp != "" {
						o.once.Do(func() { os.Remove(o.temp) })
					}
				}
				if folder != nil {
					folder.Abort()
				}
				os.Exit(exitInterrupted)
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// interruptible is a capture that can end before its end.
type interruptible struct {
	*capture.Capture
	ended  atomic.Bool
	unread []string      // what was not read to its end then
	wakes  chan struct{} // closed when it ended: nobody waits for a pipe any more
}

func (c *interruptible) end() {
	if !c.ended.Swap(true) {
		close(c.wakes)
	}
}

// Next returns no more packets when the user has seen enough.
func (c *interruptible) Next() ([]capture.Packet, error) {
	if c.ended.Load() {
		c.unread = c.Unread()
		return nil, io.EOF
	}
	return c.Capture.Next()
}

// Stats tells of captures that were given up as of those that are cut: what they have further on is unknown.
func (c *interruptible) Stats() capture.Stats {
	s := c.Capture.Stats()
	s.Truncated = append(s.Truncated, c.unread...)
	return s
}

// errInterrupted is why a file was not written: it would be taken for a whole one.
var errInterrupted = errors.New("interrupted: nothing was written")

// interrupted says that the result is no whole one.
func (j *job) interrupted(c *interruptible) {
	j.ended = true
	for _, name := range c.unread {
		j.told[name] = true
	}
	s := c.Stats()
	read := prose.Size(uint64(s.BytesRead))
	if s.BytesTotal > 0 {
		read += " of " + prose.Size(uint64(s.BytesTotal))
	}
	j.warning("interrupted: the result is of the first %s (%s)", prose.Many(s.Packets, "packet"), read)
}

// overwrites is an error if a file that is to be written is one of those that are read: a capture is often all the evidence
// that there is. An empty path, standard output, is none of them.
func overwrites(path string, inputs []string) error {
	if slices.ContainsFunc(inputs, func(name string) bool { return sameFile(path, name) }) {
		return fmt.Errorf("refusing to overwrite the input %s", path)
	}
	return nil
}

// sameFile reports whether two names are of one regular file, or the second is in an archive of the first name.
func sameFile(a, b string) bool {
	for dir := filepath.Dir(b); !exists(b) && dir != b; dir = filepath.Dir(b) {
		b = dir
	}
	one, err := os.Stat(a)
	if err != nil || !one.Mode().IsRegular() {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// goesOn is a writer that never fails: it keeps a run going that has more to write than records, packets (-w) or files
// (--extract), when nobody reads the records any more.
type goesOn struct{}

func (goesOn) Session(*record.Session) error { return nil }
func (goesOn) Attempt(*record.Attempt) error { return nil }
func (goesOn) Orphan(*record.Orphan) error   { return nil }
func (goesOn) Summary(*record.Summary) error { return nil }
