package complete

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// table has a command of each kind.
func table() *Table {
	s := pflag.NewFlagSet("analyze", pflag.ContinueOnError)
	s.SortFlags = false
	s.StringArrayP("output", "o", nil, "write in `FORMAT[=FILE]`")
	s.StringSlice("cause", nil, "of `CAUSE`")
	s.StringArrayP("read", "r", nil, "read `FILE`")
	s.String("keylog", "", "secrets of `FILE`")
	s.String("extract", "", "to `DIR`")
	s.BoolP("quiet", "q", false, "no\n warnings")
	s.String("cpuprofile", "", "hidden")
	if err := s.MarkHidden("cpuprofile"); err != nil {
		panic(err)
	}
	return &Table{
		Default: "analyze",
		Commands: []Command{
			{Word: Word{"analyze", "what happened"}, Flags: s, Captures: true},
			{Word: Word{"findings", "the rules"}, Args: []Word{{"slow", "Slow."}, {"size-mismatch", "Short."}}},
		},
		Values: func(_, flag string) []Word {
			return map[string][]Word{"output": {{"json", "Lines"}, {"table", ""}}, "cause": {{"none", ""}, {"nat", ""}}}[flag]
		},
	}
}

func TestComplete(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"nothing yet", "|", "captures analyze findings"},
		{"a command begun", "fin", "captures findings"},
		{"flags", "analyze --", "none --output --cause --read --keylog --extract --quiet"},
		{"a letter or a word", "analyze -", "none --output -o --cause --read -r --keylog --extract --quiet -q"},
		{"the default command's flags", "--ca", "none --cause"},
		{"flags after a capture", "a.pcap --qu", "none --quiet"},
		{"a value", "analyze -o |", "none json table"},
		{"a value in the word", "analyze --output=j", "none --output=json"},
		{"a value after letters", "analyze -qoj", "none -qojson"},
		{"letters before a value", "analyze -qo t", "none table"},
		{"a file of an output", "analyze -o json=a", "any"},
		{"no file of nothing", "analyze -o =a", "none"},
		{"one of a list", "analyze --cause nat,no", "none nat,none"},
		{"a list in the word", "--cause=nat,na", "none --cause=nat,nat"},
		{"captures of a flag", "analyze -r a", "captures"},
		{"a file", "analyze --keylog a", "any"},
		{"a folder", "analyze --extract a", "folders"},
		{"after --", "analyze -- --", "captures"},
		{"an unknown flag has no value", "analyze --nonsense a", "captures"},
		{"unknown letters", "analyze -é a", "captures"},
		{"arguments", "findings s", "none slow size-mismatch"},
		{"no flags", "findings -", "none"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			words := strings.Fields(test.line)
			if last := len(words) - 1; words[last] == "|" {
				words[last] = ""
			}
			a := table().Complete(words)
			got := []string{string(a.Files)}
			for _, w := range a.Words {
				got = append(got, w.Text)
			}
			require.Equal(t, test.want, strings.Join(got, " "))
		})
	}
	require.Equal(t, "captures\nanalyze\twhat happened\nfindings\tthe rules\n", table().Complete(nil).String())
	require.Contains(t, table().Complete([]string{"--qu"}).String(), "--quiet\tno warnings\n", "a word is a line")
}

func TestScripts(t *testing.T) {
	for _, shell := range Shells() {
		script, ok := Script(shell.Text)
		require.True(t, ok, shell.Text)
		require.Contains(t, script, "completion --words -- ")
	}
	for _, other := range []string{"tcsh", "../complete.go", ""} {
		_, ok := Script(other)
		require.False(t, ok, other)
	}
}

// Wherever a line stops, what is offered goes on from there: each word begins with what stands
// at the end, and is one line with its meaning.
func TestAnywhere(t *testing.T) {
	for _, line := range []string{
		"analyze -qo json=a --cause=nat,none -r a.pcap --extract dir -- -x", "findings slow size-mismatch", "--output=table --nonsense=é -é -ojson", "-", "--", "---", "- -- =", "analyze -o=,", "\x00 \xff\xfe --\xff",
	} {
		for end := range len(line) + 1 {
			words := strings.Split(line[:end], " ")
			a := table().Complete(words)
			require.Contains(t, []Files{None, Any, Folders, Captures}, a.Files)
			for _, w := range a.Words {
				require.True(t, strings.HasPrefix(w.Text, words[len(words)-1]), "%q offers %q", line[:end], w.Text)
				require.NotContains(t, w.Doc, "\n")
			}
			require.Equal(t, 1+len(a.Words), strings.Count(a.String(), "\n"))
		}
	}
}

// A value in the word is told from one that follows.
func TestAwaited(t *testing.T) {
	s := table().Commands[0].Flags
	for word, want := range map[string]struct {
		flag   string
		inWord bool
	}{
		"--output": {"output", false}, "--output=": {"output", true}, "--output=a": {"output", true}, "-o": {"output", false}, "-oa": {"output", true}, "-qo": {"output", false}, "-qoa": {"output", true},
		"-q": {}, "--quiet": {}, "--nonsense": {}, "-x": {}, "-é": {}, "word": {}, "": {}, "-": {}, "--": {},
	} {
		f, inWord := awaited(s, word)
		require.Equal(t, want.inWord, inWord, word)
		require.Equal(t, want.flag == "", f == nil, word)
		if f != nil {
			require.Equal(t, want.flag, f.Name)
		}
	}
}
