// Package manual is the manual in Markdown, which help shows on terminals and man pages are
// made from.
package manual

import (
	"embed"
	"slices"
	"strings"
)

//go:embed *.md
var files embed.FS

// order is that of the topics: from a first look to reference.
var order = []string{
	"start", "looks", "transfers", "judging", "choosing", "comparing", "reports", "extracting", "ftps", "sharing", "firewall",
	"exporting", "database", "live", "sensors", "following", "reading", "pieces", "errors", "limits", "speed", "glossary",
}

// Topic is a page of the manual.
type Topic struct {
	Name    string // as help takes it, and its file's name without .md
	Title   string
	Summary string // one line
	Text    string // the whole page, in Markdown (GitHub's tables)
}

// Topics are all pages, in the order in which they are to be read.
func Topics() []Topic {
	var list []Topic
	for _, name := range order {
		b, err := files.ReadFile(name + ".md")
		if err != nil {
			panic(err) // the program lacks a page of its own
		}
		text := string(b)
		title, rest, _ := strings.Cut(text, "\n")
		summary, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
		list = append(list, Topic{Name: name, Title: strings.TrimPrefix(title, "# "), Summary: summary, Text: text})
	}
	return list
}

// Find is the topic of that name.
func Find(name string) (Topic, bool) {
	list := Topics()
	i := slices.IndexFunc(list, func(t Topic) bool { return t.Name == name })
	if i < 0 {
		return Topic{}, false
	}
	return list[i], true
}

// Mentioning are the names of the pages that hold a word, in any letter case.
func Mentioning(word string) (names []string) {
	for _, t := range Topics() {
		if strings.Contains(strings.ToLower(t.Text), strings.ToLower(word)) {
			names = append(names, t.Name)
		}
	}
	return names
}

// flagsBlock marks code that is a table of flags: the commands' own, as a test has it.
const flagsBlock = "flags"
