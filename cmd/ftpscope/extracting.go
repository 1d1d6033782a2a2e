package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"ftpscope/analyze"
	"ftpscope/analyze/extract"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture"
	"ftpscope/capture/outfile"
	"ftpscope/cmd/ftpscope/bytesize"
	"ftpscope/cmd/ftpscope/sandbox"
)

// extractFlags say what is wanted of the transferred data.
type extractFlags struct {
	hashes   []string
	dir      string
	listings bool
	limit    []string
	limits   extract.Limits
}

// add adds the flags that everybody sees, addMore the others.
func (f *extractFlags) add(s *pflag.FlagSet) {
	s.StringSliceVar(&f.hashes, "hash", nil, "hash what was transferred: `LIST` of "+strings.Join(extract.Hashes(), ","))
	s.StringVar(&f.dir, "extract", "", "write the transferred files to `DIR` (ftpscope help extracting)")
}

func (f *extractFlags) addMore(s *pflag.FlagSet) {
	s.BoolVar(&f.listings, "extract-listings", false, "write directory listings too")
	s.StringSliceVar(&f.limit, "extract-limit", nil, "write no more than `LIMIT`: "+limitWords(extract.DefaultLimits)+" by default")
}

func limitWords(l extract.Limits) string {
	size, total := bytesize.Size(l.Size), bytesize.Size(l.Total)
	return fmt.Sprintf("size=%s,total=%s,files=%d", size.String(), total.String(), l.Files)
}

// wanted reports whether the data are to be looked at.
func (f *extractFlags) wanted() bool { return len(f.hashes) > 0 || f.dir != "" }

func (f *extractFlags) options() extract.Options {
	o := extract.Options{Hashes: f.hashes, Listings: f.listings, Limits: f.limits}
	if f.dir != "" && !slices.Contains(o.Hashes, "sha256") {
		o.Hashes = append([]string{"sha256"}, o.Hashes...)
	}
	return o
}

// settings are the flags that change what records say.
func (f *extractFlags) settings() string {
	var list []string
	if f.wanted() {
		list = append(list, "--hash "+strings.Join(f.options().Hashes, ","))
	}
	if f.dir != "" {
		list = append(list, "--extract "+strconv.Quote(f.dir))
	}
	if f.listings {
		list = append(list, "--extract-listings")
	}
	if f.dir != "" && f.limits != extract.DefaultLimits {
		list = append(list, "--extract-limit "+limitWords(f.limits))
	}
	return strings.Join(list, " ")
}

func (f *extractFlags) check() error {
	for i, name := range f.hashes {
		f.hashes[i] = strings.ReplaceAll(strings.ToLower(name), "-", "")
		if !slices.Contains(extract.Hashes(), f.hashes[i]) {
			return fmt.Errorf("--hash takes %s, got %q", strings.Join(extract.Hashes(), ", "), name)
		}
	}
	slices.Sort(f.hashes)
	f.hashes = slices.Compact(f.hashes)
	if f.dir == "" && (f.listings || len(f.limit) > 0) {
		return errors.New("--extract-listings and --extract-limit belong to --extract")
	}
	f.limits = extract.DefaultLimits
	for _, text := range f.limit {
		if err := f.setLimit(text); err != nil {
			return err
		}
	}
	return nil
}

func (f *extractFlags) setLimit(text string) error {
	name, value, _ := strings.Cut(text, "=")
	var size bytesize.Size
	err := size.Set(value)
	switch name {
	case "size":
		f.limits.Size = uint64(size)
	case "total":
		f.limits.Total = uint64(size)
	case "files":
		f.limits.Files, err = strconv.Atoi(value)
		if f.limits.Files < 0 {
			err = errors.New("want a number")
		}
	default:
		return fmt.Errorf("--extract-limit takes size=, total= and files=, got %q", text)
	}
	if err != nil {
		return fmt.Errorf("--extract-limit %s: %w", name, err)
	}
	return nil
}

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
		return
	}
	files, bytes := folder.Written()
	j.wrote(j.extract.dir, "%s, %s; manifest.jsonl lists every transfer", prose.Many(uint64(files), "file"), prose.Size(bytes))
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
