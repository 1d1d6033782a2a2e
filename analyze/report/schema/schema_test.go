package schema

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/finding"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const breaking = `what -o json says has changed. Programs read it: another name, type or meaning of a key, or of one of its
words, breaks them and needs a line in CHANGELOG.md; so does a new key. A new word (a rule, a cause) needs none. Then: go test -update`

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	was, is := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range min(len(was), len(is)) { // they are too long to be shown whole
		require.Equal(t, was[i], is[i], "line %d: %s", i+1, breaking)
	}
	require.Len(t, is, len(was), breaking)
}

func TestText(t *testing.T) {
	golden(t, "testdata/records.json", string(Text()))
	require.True(t, json.Valid(Text()))
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(Text()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("records.json", text))
	s, err := c.Compile("records.json")
	require.NoError(t, err)
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, record json.RawMessage) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(record))
	require.NoError(t, err)
	require.NoError(t, s.Validate(v), "%s", record)
}

// known are the objects by name.
func known() map[string]*object {
	all := map[string]*object{}
	for _, o := range objects() {
		all[o.name] = &o
	}
	return all
}

// held is the object that a value is, or is a list of; nil: it is none.
func held(m members) *object {
	for _, x := range m {
		switch v := x.value.(type) {
		case string:
			if name, ok := strings.CutPrefix(v, "#/$defs/"); ok {
				return known()[name]
			}
		case members:
			return held(v)
		}
	}
	return nil
}

// walk visits the keys of a written object: the name that the schema has for each, and
// its place and value in the record. The keys must be the schema's, in its order.
func walk(t *testing.T, o *object, raw json.RawMessage, at string, visit func(key, place, value string)) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	_, err := d.Token()
	require.NoError(t, err)
	last := -1
	for d.More() {
		key, err := d.Token()
		require.NoError(t, err)
		var value json.RawMessage
		require.NoError(t, d.Decode(&value))
		i := slices.IndexFunc(o.fields, func(f field) bool { return f.name == key })
		require.Greater(t, i, last, "%s: key %q is not in the schema, or not at its place", o.name, key)
		last = i
		f, place := &o.fields[i], at+"/"+key.(string)
		visit(o.name+"."+f.name, place, string(value))
		part := held(f.value.schema)
		switch {
		case part == nil:
		case value[0] == '{':
			walk(t, part, value, place, visit)
		case value[0] == '[':
			var items []json.RawMessage
			require.NoError(t, json.Unmarshal(value, &items))
			for n, item := range items {
				walk(t, part, item, place+"/"+strconv.Itoa(n), visit)
			}
		}
	}
}

// keys walks a record: its keys with their places, and their values.
func keys(t *testing.T, record json.RawMessage) map[[2]string]string {
	t.Helper()
	var kind struct{ Type string }
	require.NoError(t, json.Unmarshal(record, &kind))
	all := map[[2]string]string{}
	walk(t, known()[kind.Type], record, "", func(key, place, value string) { all[[2]string{key, place}] = value })
	return all
}

// fields are all keys of the schema that a condition holds for.
func fields(which func(*field) bool) []string {
	var names []string
	for _, o := range objects() {
		for i := range o.fields {
			if which(&o.fields[i]) {
				names = append(names, o.name+"."+o.fields[i].name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// TestEveryKeyIsWritten shows that the schema describes no key that records do not have,
// and that keys have its order.
func TestEveryKeyIsWritten(t *testing.T) {
	s, seen := compiled(t), map[string]bool{}
	for _, record := range full {
		text := line(t, record())
		valid(t, s, text)
		for key := range keys(t, text) {
			seen[key[0]] = true
		}
	}
	require.Equal(t, fields(func(*field) bool { return true }), slices.Sorted(maps.Keys(seen)))
}

// TestEveryKeyIsNeeded shows that the schema is strict: a record with a key more, or with
// one less, is none.
func TestEveryKeyIsNeeded(t *testing.T) {
	s := compiled(t)
	for _, record := range full {
		text := line(t, record())
		for i, c := range text {
			if c != '{' {
				continue
			}
			more := slices.Concat(text[:i+1], []byte(`"more":1,`), text[i+1:])
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(more))
			require.NoError(t, err)
			require.Error(t, s.Validate(v), "%s", more)
		}
		for key := range keys(t, text) {
			name := key[0][strings.Index(key[0], ".")+1:]
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(bytes.ReplaceAll(text, []byte(`"`+name+`":`), []byte(`"less":`))))
			require.NoError(t, err)
			require.Error(t, s.Validate(v), name)
		}
	}
}

func TestDocs(t *testing.T) {
	for _, o := range objects() {
		for i := range o.fields {
			f := &o.fields[i]
			require.NotEmpty(t, f.doc, "%s.%s", o.name, f.name)
			for _, s := range []string{f.doc, f.null, f.when} {
				require.False(t, strings.HasSuffix(s, "."), "%s.%s: %s", o.name, f.name, s)
			}
		}
	}
}

// words are those that a key can have.
func words(key string) []string {
	object, name, _ := strings.Cut(key, ".")
	for _, f := range known()[object].fields {
		if f.name != name {
			continue
		}
		for _, m := range f.value.schema {
			switch v := m.value.(type) {
			case list:
				if m.key != "enum" {
					continue
				}
				var all []string
				for _, word := range v {
					all = append(all, word.(string))
				}
				return all
			case string:
				if m.key == "const" {
					return []string{v}
				}
			}
		}
	}
	return nil
}

// TestWords holds the words of the schema against those of the model.
func TestWords(t *testing.T) {
	states := named(func(i int) string { return flow.State(i).String() })
	closings := named(func(i int) string { return flow.Closing(i).String() })
	require.ElementsMatch(t, states, words("connection.state"))
	require.ElementsMatch(t, closings, words("connection.closing"))
	require.ElementsMatch(t, append(closings, "quit"), words("session.closing"))
	require.Subset(t, states, words("attempt.state"))
	require.Equal(t, named(func(i int) string { return flow.StepKind(i).String() }), words("network_step.kind"))
	require.ElementsMatch(t, named(func(i int) string { return flow.Why(i).String() }), words("stall.why"))
	require.Equal(t, record.FromMildest(), words("finding.severity"))
	var counts []string
	for _, f := range findingCountsObject.fields {
		counts = append(counts, f.name)
	}
	require.Equal(t, record.FromMildest(), counts)
	require.Len(t, words("finding.id"), len(finding.Rules()))

	// The words of all other keys are the model's constants, each of them.
	others := []string{"transfer.command", "connection.closing", "attempt.state", "finding.id", "finding.severity", "network_step.kind", "stall.why"}
	used := map[string]bool{}
	for _, key := range fields(func(f *field) bool { return f.name != "type" }) {
		if slices.Contains(others, key) {
			continue
		}
		for _, word := range words(key) {
			if word != strings.ToUpper(word) && !(key == "session.closing" && slices.Contains(closings, word)) { // not a command's name
				used[word] = true
			}
		}
	}
	require.ElementsMatch(t, constants(t, "../../record/model.go", "../../record/verdict.go", "../../record/tcp.go"), slices.Collect(maps.Keys(used)))
}

// named lists the names of numbers from 0 on, until one has none.
func named(name func(int) string) (all []string) {
	defer func() { _ = recover() }()
	for i := 0; ; i++ {
		all = append(all, name(i))
	}
}

// constants are the texts that files give names to.
func constants(t *testing.T, paths ...string) []string {
	t.Helper()
	var decls []ast.Decl
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		decls = append(decls, file.Decls...)
	}
	all := map[string]bool{}
	for _, d := range decls {
		if g, ok := d.(*ast.GenDecl); !ok || g.Tok != token.CONST {
			continue
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				word, err := strconv.Unquote(lit.Value)
				require.NoError(t, err)
				all[word] = true
			}
			return true
		})
	}
	return slices.Collect(maps.Keys(all))
}
