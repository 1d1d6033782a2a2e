// Package schema describes the records that package report writes as JSON, as a JSON
// Schema. Its tables describe each key once, and its tests hold them against the writer,
// the model and the sample captures. Made from the model's types by reflection it would
// not know what a key means, which words it can have and when it is null.
package schema

import (
	"bytes"
	"encoding/json"
	"slices"
)

// object is a JSON object of the records, with its keys in the order in which they are
// written.
type object struct {
	name, doc string
	fields    []field
}

// field is a key.
type field struct {
	name  string
	value value
	doc   string
	null  string // when it is null; empty: never
	when  string // when the key is there; empty: always
}

// value is what stands behind a key: a JSON Schema, and what its words mean.
type value struct {
	schema members
	words  []term
}

// term is one of the words that a value can be.
type term struct{ name, doc string }

// members is a JSON object whose order matters.
type members []member

type member struct {
	key   string
	value any // string, int, bool, nil, members or a list of these
}

type list []any

// The kinds of values.
var (
	anyText   = value{schema: members{{"type", "string"}}}
	boolean   = value{schema: members{{"type", "boolean"}}}
	amount    = value{schema: members{{"type", "number"}, {"minimum", 0}}}
	timestamp = value{schema: members{
		{"type", "string"}, {"format", "date-time"}, {"pattern", `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$`},
	}}
	ipAddress = value{schema: members{
		{"type", "string"}, {"anyOf", list{members{{"format", "ipv4"}}, members{{"format", "ipv6"}}}},
	}}
)

func matching(pattern string) value {
	return value{schema: members{{"type", "string"}, {"pattern", pattern}}}
}

func from(least int) value { return value{schema: members{{"type", "integer"}, {"minimum", least}}} }

func between(least, most int) value {
	return value{schema: members{{"type", "integer"}, {"minimum", least}, {"maximum", most}}}
}

// oneWord is a value that has one of some words; those that say enough by themselves have
// no doc.
func oneWord(words ...term) value {
	var names list
	for _, w := range words {
		names = append(names, w.name)
	}
	return value{schema: members{{"type", "string"}, {"enum", names}}, words: words}
}

func plain(names ...string) value {
	var words []term
	for _, n := range names {
		words = append(words, term{name: n})
	}
	return oneWord(words...)
}

func only(word any) value { return value{schema: members{{"const", word}}} }

func ref(name string) value { return value{schema: members{{"$ref", "#/$defs/" + name}}} }

func listOf(v value) value {
	return value{schema: members{{"type", "array"}, {"items", v.schema}}, words: v.words}
}

// orNull is the schema of a value that may be null.
func (v value) orNull() members {
	if v.schema[0].key != "type" {
		return members{{"anyOf", list{v.schema, members{{"type", "null"}}}}}
	}
	m := slices.Clone(v.schema)
	m[0].value = list{m[0].value, "null"}
	for i := range m {
		switch names, _ := m[i].value.(list); m[i].key {
		case "enum":
			m[i].value = append(slices.Clone(names), nil)
		case "anyOf":
			m[i].value = append(slices.Clone(names), members{{"type", "null"}})
		}
	}
	return m
}

// schema is the field's own: what it means, then what it may be.
func (f *field) schema() members {
	text := f.doc
	for i, w := range f.value.words {
		if w.doc == "" {
			break
		}
		text += [...]string{". ", "; "}[min(i, 1)] + w.name + ": " + w.doc
	}
	if f.null != "" {
		text += ". Null: " + f.null
	}
	if f.when != "" {
		text += ". Only there " + f.when
	}
	m := f.value.schema
	if f.null != "" {
		m = f.value.orNull()
	}
	return append(members{{"description", text + "."}}, m...)
}

func (o *object) schema() members {
	var required list
	var properties members
	for i := range o.fields {
		f := &o.fields[i]
		properties = append(properties, member{f.name, f.schema()})
		if f.when == "" {
			required = append(required, f.name)
		}
	}
	return members{
		{"description", o.doc + "."}, {"type", "object"},
		{"properties", properties}, {"required", required}, {"additionalProperties", false},
	}
}

// objects are all of the records, the five that make a line first.
func objects() []object {
	return slices.Concat([]object{sessionObject, attemptObject, orphanObject, gapObject, summaryObject}, sessionParts, otherParts)
}

// lineObjects is how many of the objects make a line.
const lineObjects = 5

// common is what is true of all records.
const common = "A key is always there unless it says when it is; what is unknown is null. Times are RFC 3339 in UTC with as many " +
	"digits of the second as the capture has. Texts of the wire are UTF-8, with U+FFFD for other bytes."

// Text returns the JSON Schema (2020-12) of each line that -o json writes.
func Text() []byte {
	return document("Records of ftpscope -o json",
		"JSON Lines: each line is one of these objects, which its type names; the summary is the last. "+common, objects(), lineObjects)
}

// document is a schema of objects, the first of which make lines.
func document(title, description string, all []object, lines int) []byte {
	var first list
	var defs members
	for i, o := range all {
		if i < lines {
			first = append(first, ref(o.name).schema)
		}
		defs = append(defs, member{o.name, o.schema()})
	}
	return append(appendSchema(nil, members{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"title", title},
		{"description", description},
		{"oneOf", first},
		{"$defs", defs},
	}, "\n"), '\n')
}

// appendSchema writes a value; newline is what a line of it begins with. Lists of words
// stay on one line.
func appendSchema(b []byte, v any, newline string) []byte {
	inner := newline + "  "
	switch v := v.(type) {
	case members:
		b = append(b, '{')
		for i, m := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendScalar(append(b, inner...), m.key), ": "...)
			b = appendSchema(b, m.value, inner)
		}
		return append(append(b, newline...), '}')
	case list:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendSchema(b, item, newline)
		}
		return append(b, ']')
	}
	return appendScalar(b, v)
}

func appendScalar(b []byte, v any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // the tables hold nothing that cannot be encoded
	}
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}
