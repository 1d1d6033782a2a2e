package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

func set(args ...string) *pflag.FlagSet {
	s := pflag.NewFlagSet("analyze", pflag.ContinueOnError)
	s.StringSlice("port", nil, "")
	s.StringSlice("disable", nil, "")
	s.Bool("quiet", false, "")
	s.Int("workers", 1, "")
	s.String("extract", "", "")
	s.String("extract-limit", "", "")
	s.StringSlice("host", nil, "")
	if err := s.Parse(args); err != nil {
		panic(err)
	}
	return s
}

func TestApply(t *testing.T) {
	tests := []struct {
		name, file string
		args       []string
		want, err  string
	}{
		{"all forms", "# mine\n\n--port 2121\nport = 990 \n\tdisable   a,b\n--quiet\nworkers '2'\n", nil, "disable=[a,b] port=[2121,990] quiet=true workers=2", ""},
		{"the command line wins", "port 2121\nworkers 2\n", []string{"--port", "21", "--quiet"}, "port=[21] quiet=true workers=2", ""},
		{"other commands' flags", "ring-size 1GiB\n", nil, "", ""},
		{"what belongs to another flag", "extract-limit files=1\n", nil, "", ""},
		{"which is there", "extract-limit files=1\n", []string{"--extract", "d"}, "extract=d extract-limit=files=1", ""},
		{"a quoted value", `disable "a"` + "\n", nil, "disable=[a]", ""},
		{"what chooses", "quiet\n\nhost 10.0.0.1\n", nil, "", "file:3: --host cannot stand in this file"},
		{"unknown", "nonsense\n", nil, "", "file:1: --nonsense cannot stand in this file"},
		{"no value", "port\n", nil, "", "file:1: --port needs a value"},
		{"a bad value", "workers two\n", nil, "", `file:1: --workers: strconv.ParseInt: parsing "two": invalid syntax`},
		{"too large", strings.Repeat("# comment\n", 7000), nil, "", "file: larger than 64 KiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := set(test.args...)
			lines, err := parse("file", strings.NewReader(test.file))
			if err == nil {
				_, err = Apply(lines, s)
			}
			if test.err != "" {
				require.EqualError(t, err, test.err)
				return
			}
			require.NoError(t, err)
			var got []string
			s.Visit(func(f *pflag.Flag) { got = append(got, f.Name+"="+f.Value.String()) })
			require.Equal(t, test.want, strings.Join(got, " "))
		})
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	lines, err := Read("")
	require.NoError(t, err)
	require.Empty(t, lines, "there is none")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "ftpscope"), 0o700))
	require.NoError(t, os.WriteFile(Path(), []byte("port 1\n"), 0o600))
	lines, err = Read("")
	require.NoError(t, err)
	require.Len(t, lines, 1)
	lines, err = Read(None)
	require.NoError(t, err)
	require.Empty(t, lines)
	_, err = Read(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
	t.Setenv("XDG_CONFIG_HOME", "relative")
	t.Setenv("HOME", dir)
	require.Equal(t, filepath.Join(dir, ".config", "ftpscope", "config"), Path())
	require.Contains(t, Names(), "tz")
}
