package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"ftpscope/analyze/extract"
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
	size, total := bytesFlag(l.Size), bytesFlag(l.Total)
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
	var size bytesFlag
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
