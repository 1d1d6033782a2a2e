package extract

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
)

func ptr[T any](v T) *T { return &v }

func TestNameOf(t *testing.T) {
	long := strings.Repeat("a", 10_000)
	for _, test := range []struct{ path, want string }{
		{"/pub/photo.bin", "photo.bin"},
		{"photo.bin", "photo.bin"},
		{"", "unnamed"},
		{"/", "unnamed"},
		{"dir/", "dir"},
		{"..", "_"},
		{"../../etc/passwd", "passwd"},
		{`..\..\windows\system.ini`, "_.._.._windows_system.ini"},
		{`C:\boot.ini`, "C__boot.ini"},
		{"/etc/..", "_"},
		{"a/.", "_"},
		{".bashrc", "_.bashrc"},
		{"-rf", "_-rf"},
		{"~root", "_~root"},
		{" a ", "_ a_"},
		{"name. . .", "name_"},
		{"a\x00b", "a_b"},
		{"a\r\nb\x1b[31m\x7f\u0085", "a__b_[31m__"},
		{"\u202egpj.exe", "_gpj.exe"},
		{"a\u200bb\u200fc\u2066d\ufeffe", "a_b_c_d_e"},
		{"a\u00a0b\u2028c\u3000", "a_b_c_"},
		{"caf\xe9", "caf_"},
		{"café ☃.txt", "café ☃.txt"},
		{"CON", "_CON"},
		{"con.txt", "_con.txt"},
		{"Nul .tar.gz", "_Nul .tar.gz"},
		{"COM1", "_COM1"},
		{"lpt¹.x", "_lpt¹.x"},
		{"COM10", "COM10"},
		{"CONSOLE", "CONSOLE"},
		{"conin$", "_conin$"},
		{"file:stream", "file_stream"},
		{"a*?\"<>|b", "a______b"},
		{"x.partial", "x.partial_"},
		{"manifest.jsonl", "manifest.jsonl"},
		{long, long[:maxName]},
		{long + ".tar.gz", long[:maxName-3] + ".gz"},
		{long + "." + long, long[:maxName]},
		{strings.Repeat("é", 5000) + ".txt", strings.Repeat("é", (maxName-4)/2) + ".txt"},
		{strings.Repeat(". ", 5000), "_"},
	} {
		require.Equal(t, test.want, nameOf(&record.Transfer{Path: &test.path}), "%.40q", test.path)
	}
}

func TestNamesOfOthers(t *testing.T) {
	for _, test := range []struct {
		t    record.Transfer
		want string
	}{
		{record.Transfer{}, "unnamed"},
		{record.Transfer{Argument: ptr("a/b")}, "b"},
		{record.Transfer{Command: ptr("LIST")}, "LIST.txt"},
		{record.Transfer{Command: ptr("MLSD"), Path: ptr("/pub/docs")}, "MLSD-docs.txt"},
		{record.Transfer{Command: ptr("STOU"), Preliminary: &record.Reply{Text: "FILE: new.1"}}, "new.1"},
		{record.Transfer{Command: ptr("STOU"), Reply: &record.Reply{Text: "Transfer done, file: ../x\nbye"}}, "x"},
	} {
		require.Equal(t, test.want, nameOf(&test.t))
	}
}

// FuzzClean: whatever the wire says, a name is one element that every system takes.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"a.txt", "..", "CON.txt", "a\x00b", "\u202ea", " . ", strings.Repeat("x", 300) + ".ab"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := clean(s)
		require.True(t, utf8.ValidString(name))
		require.LessOrEqual(t, len(name), maxName+2)
		require.NotEmpty(t, name)
		require.True(t, filepath.IsLocal(name) && filepath.Base(name) == name, name)
		require.False(t, strings.ContainsAny(name, "/\\:\x00*?\"<>|"), name)
		require.NotContains(t, []byte{'.', ' '}, name[len(name)-1])
		require.NotContains(t, []byte{'.', ' ', '-', '~'}, name[0])
		require.False(t, isDevice(name), name)
		if len(name) <= maxName {
			require.Equal(t, name, clean(name), "clean already")
		}
	})
}

func TestNumbers(t *testing.T) {
	var n names
	n.take(ManifestName)
	var got []string
	for _, name := range []string{"a.txt", "A.TXT", "a.txt", "a-2.txt", "b", "b", "manifest.jsonl", "a.txt"} {
		got = append(got, n.next(name, ""))
	}
	require.Equal(t, []string{"a.txt", "A-2.TXT", "a-3.txt", "a-2-2.txt", "b", "b-2", "manifest-2.jsonl", "a-4.txt"}, got)
	require.Equal(t, "a-5.txt.partial", n.next("a.txt", partial))
}
