package record

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// constants are the values of the package's string constants whose names begin so, in the
// order of their declaration.
func constants(t *testing.T, file, prefix string) (list []string) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			lit, ok := v.Values[0].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || !strings.HasPrefix(v.Names[0].Name, prefix) {
				continue
			}
			text, err := strconv.Unquote(lit.Value)
			require.NoError(t, err)
			list = append(list, text)
		}
	}
	return list
}

func words(list []Meaning) (words []string) {
	for _, m := range list {
		words = append(words, m.Word)
	}
	return words
}

// Whoever adds a word adds its meaning: schema, help and manual take both from these lists.
func TestEveryWordHasItsMeaning(t *testing.T) {
	require.Equal(t, constants(t, "verdict.go", "Cause"), words(Causes))
	require.Equal(t, constants(t, "verdict.go", "At"), words(Places))
	require.Equal(t, constants(t, "tcp.go", "Limit"), words(Limits))
	require.Equal(t, []string{Certain, Likely, Open}, words(Certainties), "the surest first")

	all := append(append(words(Causes), words(Places)...), constants(t, "notes.go", "Odd")...)
	all = append(all, constants(t, "model.go", "")...)
	for _, w := range all {
		require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, w)
	}
}

// The record has no map and no interface that is written: two runs give the same bytes.
// Findings by severity are the one map; its order is that of Severities.
func TestOneOrder(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var look func(reflect.Type, string)
	look = func(x reflect.Type, path string) {
		if x.PkgPath() != "" && !strings.HasPrefix(x.PkgPath(), "ftpscope/analyze/record") || seen[x] {
			return
		}
		seen[x] = true
		switch x.Kind() {
		case reflect.Map:
			require.Equal(t, "Summary.Findings", path)
		case reflect.Pointer, reflect.Slice, reflect.Array:
			look(x.Elem(), path)
		case reflect.Interface, reflect.Func, reflect.Chan, reflect.Float32:
			require.Fail(t, "no value of a record", path)
		case reflect.Struct:
			for i := range x.NumField() {
				look(x.Field(i).Type, x.Name()+"."+x.Field(i).Name)
			}
		}
	}
	for _, r := range []any{Session{}, Attempt{}, Orphan{}, Summary{}} {
		look(reflect.TypeOf(r), "")
	}
	require.True(t, seen[reflect.TypeFor[Verdict]()] && seen[reflect.TypeFor[Transfer]()] && seen[reflect.TypeFor[Certificate]()], "all were looked at")
}

// Where a value is not known it is nil: a zero is a value.
func TestUnknownIsNotZero(t *testing.T) {
	var zero uint64
	code := 0
	for name, x := range map[string]struct{ known, unknown any }{
		"Known":     {Known(&zero, true), Known(&zero, false)},
		"SeenReply": {SeenReply(&Reply{Code: 200}), SeenReply(&Reply{Code: code, Text: "a text without a code is none"})},
		"Name":      {(&Login{User: "a"}).Name(), (&Login{}).Name()},
		"Carried":   {(&Transfer{Bytes: &zero}).Carried(), (&Transfer{}).Carried()},
	} {
		require.False(t, reflect.ValueOf(x.known).IsNil(), name)
		require.True(t, reflect.ValueOf(x.unknown).IsNil(), name)
	}
}

// Names are hostile: nothing of them is believed but how they end.
func TestHostileNames(t *testing.T) {
	long := strings.Repeat("a/", 1<<15) + "b.zip"
	for argument, want := range map[string]struct {
		name   string
		binary bool
	}{
		"":                  {".", false},
		"/":                 {"/", false},
		"../..":             {"..", false},
		`..\..\x.exe`:       {"x.exe", true},
		"a\x1b[31m.gz":      {"a\x1b[31m.gz", true},
		"\xff\xfe.tar":      {"\xff\xfe.tar", true},
		"a.zip .txt":        {"a.zip .txt", false},
		"x.7z .a":           {"x.7z .a", true},
		"x. ":               {"x. ", false},
		"dir.zip/readme":    {"readme", false},
		"dir/archive.zip/":  {"archive.zip", true},
		"İ.ZIP":             {"İ.ZIP", true},
		"a.zip\x00.txt":     {"a.zip\x00.txt", false},
		long:                {"b.zip", true},
		"name.tar.gz.part":  {"name.tar.gz.part", false},
		" .pdf":             {" .pdf", true},
		".bash_history":     {".bash_history", false},
		"C:\\a b\\c.DOCX":   {"c.DOCX", true},
		"file.with space.o": {"file.with space.o", true},
	} {
		x := Transfer{Argument: &argument}
		require.Equal(t, want.name, x.FileName(), "%q", argument)
		require.Equal(t, want.binary, x.BinaryByName(), "%q", argument)
	}
	path, argument := "/pub/a.txt", "a.zip"
	require.Equal(t, "a.txt", (&Transfer{Path: &path, Argument: &argument}).FileName(), "the path on the server is more than what was sent")
}
