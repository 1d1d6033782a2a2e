// Package complete answers shells that ask how a command line may go on; the shell shows the answer, by a script that
// stands beside it.
package complete

import (
	"embed"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/pflag"
)

// Word is what may stand at a place, and what it means.
type Word struct{ Text, Doc string }

// Command is one of the program's commands.
type Command struct {
	Word
	Flags    *pflag.FlagSet // nil: it has none
	Args     []Word         // that it takes
	Captures bool           // it takes captures
}

// Files are what the shell is to look for besides words.
type Files string

// The kinds of files.
const (
	None     Files = "none"
	Any      Files = "any"
	Folders  Files = "folders"
	Captures Files = "captures"
)

// Answer is how a command line may go on.
type Answer struct {
	Files Files
	Words []Word
}

// String is the answer as scripts read it: the kind of files, then a line a word.
func (a Answer) String() string {
	var b strings.Builder
	b.WriteString(string(a.Files) + "\n")
	for _, w := range a.Words {
		b.WriteString(w.Text + "\t" + w.Doc + "\n")
	}
	return b.String()
}

// Table is what the program takes.
type Table struct {
	Commands []Command
	Default  string                            // the command that is meant when none is named
	Values   func(command, flag string) []Word // those that a flag takes, if it takes certain words
}

//go:embed scripts
var scripts embed.FS

// Shells are those that there are scripts for.
func Shells() []Word {
	return []Word{
		{"bash", `eval "$(ftpscope completion bash)", or to /etc/bash_completion.d/ftpscope`},
		{"zsh", `source <(ftpscope completion zsh), or to a file _ftpscope in a folder of $fpath`},
		{"fish", `ftpscope completion fish | source, or to ~/.config/fish/completions/ftpscope.fish`},
	}
}

// Script is a shell's script; false: there is none for it.
func Script(shell string) (string, bool) {
	if !slices.ContainsFunc(Shells(), func(w Word) bool { return w.Text == shell }) {
		return "", false
	}
	b, err := scripts.ReadFile("scripts/ftpscope." + shell)
	return string(b), err == nil
}

// Complete says how the last of words may go on. They follow the program's name.
func (t *Table) Complete(words []string) Answer {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	named := t.find(words[0])
	if len(words) == 1 || named == nil {
		a := t.after(t.find(t.Default), words[:len(words)-1], last)
		if len(words) == 1 && !strings.HasPrefix(last, "-") {
			for _, c := range t.Commands {
				a.Words = append(a.Words, c.Word)
			}
			a.Words = matching(a.Words, "", last)
		}
		return a
	}
	return t.after(named, words[1:len(words)-1], last)
}

func (t *Table) find(name string) *Command {
	for i := range t.Commands {
		if t.Commands[i].Text == name {
			return &t.Commands[i]
		}
	}
	return nil
}

// after answers for the arguments of a command: those before, and the one that goes on.
func (t *Table) after(c *Command, before []string, last string) Answer {
	onlyArgs := slices.Contains(before, "--")
	if !onlyArgs && c.Flags != nil {
		if len(before) > 0 {
			if f, glued := awaited(c.Flags, before[len(before)-1]); f != nil && !glued {
				return t.value(c, f, "", last)
			}
		}
		if f, at := glued(c.Flags, last); f != nil {
			return t.value(c, f, last[:at], last[at:])
		}
		if strings.HasPrefix(last, "-") {
			return Answer{None, flagsOf(c.Flags, last)}
		}
	}
	a := Answer{None, matching(c.Args, "", last)}
	if c.Captures {
		a.Files = Captures
	}
	return a
}

// awaited is the flag that a word ends with and that takes a value, and whether the value is in the word.
func awaited(s *pflag.FlagSet, word string) (f *pflag.Flag, inWord bool) {
	if long, ok := strings.CutPrefix(word, "--"); ok {
		name, _, has := strings.Cut(long, "=")
		if f = s.Lookup(name); f == nil || f.NoOptDefVal != "" {
			return nil, false
		}
		return f, has
	}
	letters, ok := strings.CutPrefix(word, "-")
	if !ok {
		return nil, false
	}
	for i, letter := range letters {
		if letter > unicode.MaxASCII {
			return nil, false // pflag panics when it is asked for one
		}
		if f = s.ShorthandLookup(string(letter)); f == nil {
			return nil, false
		}
		if f.NoOptDefVal == "" {
			return f, i+1 < len(letters)
		}
	}
	return nil, false
}

// glued is the flag whose value begins in the word itself, at a place: --color=al, -ojs.
func glued(s *pflag.FlagSet, word string) (f *pflag.Flag, at int) {
	f, inWord := awaited(s, word)
	if !inWord {
		return nil, 0
	}
	if strings.HasPrefix(word, "--") {
		return f, strings.IndexByte(word, '=') + 1
	}
	return f, strings.Index(word, f.Shorthand) + 1
}

// flagsOf are the flags that begin like a word.
func flagsOf(s *pflag.FlagSet, begun string) (list []Word) {
	s.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		_, doc := pflag.UnquoteUsage(f)
		list = append(list, Word{"--" + f.Name, doc})
		if begun == "-" && f.Shorthand != "" {
			list = append(list, Word{"-" + f.Shorthand, doc})
		}
	})
	return matching(list, "", begun)
}

// value answers for a flag's value; ahead stands before it in the same word.
func (t *Table) value(c *Command, f *pflag.Flag, ahead, begun string) Answer {
	words := t.Values(c.Text, f.Name)
	takes, _ := pflag.UnquoteUsage(f)
	if name, _, ok := strings.Cut(begun, "="); ok && strings.HasSuffix(takes, "[=FILE]") && !isWord(words, begun) && name != "" {
		return Answer{Any, matching(words, ahead, begun)}
	}
	if strings.HasSuffix(f.Value.Type(), "Slice") {
		if i := strings.LastIndexByte(begun, ','); i >= 0 {
			ahead, begun = ahead+begun[:i+1], begun[i+1:]
		}
	}
	a := Answer{None, matching(words, ahead, begun)}
	switch {
	case f.Name == "read":
		a.Files = Captures
	case takes == "FILE":
		a.Files = Any
	case takes == "DIR":
		a.Files = Folders
	}
	return a
}

func isWord(list []Word, text string) bool {
	return slices.ContainsFunc(list, func(w Word) bool { return w.Text == text })
}

// matching are the words that begin like a text, in one line each; ahead stands before them.
func matching(list []Word, ahead, begun string) (found []Word) {
	for _, w := range list {
		if strings.HasPrefix(w.Text, begun) {
			found = append(found, Word{ahead + w.Text, strings.Join(strings.Fields(w.Doc), " ")})
		}
	}
	return found
}
