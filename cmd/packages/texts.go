package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"ftpscope/cmd/ftpscope/manual"
	"ftpscope/cmd/packages/roff"
)

func setting(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }

// texts puts into the stage what is the same for all systems: man pages, completions, the unit, what to read first.
func (b *build) texts() error {
	program := filepath.Join(b.stage, "here")
	if err := b.command([]string{"CGO_ENABLED=0"}, "go", "build", "-o", program, "./cmd/ftpscope"); err != nil {
		return err
	}
	defer os.Remove(program)
	pages, err := manPages(func(args ...string) (string, error) { return output(nil, program, args...) }, b.version)
	if err != nil {
		return err
	}
	for name, text := range pages {
		if err := b.put(filepath.Join("man", "man"+name[len(name)-1:], name+".gz"), gzipped(text)); err != nil {
			return err
		}
	}
	for shell, name := range map[string]string{"bash": "ftpscope.bash", "zsh": "_ftpscope", "fish": "ftpscope.fish"} {
		script, err := output(nil, program, "completion", shell)
		if err != nil {
			return err
		}
		if err := b.put(filepath.Join("completions", name), []byte(script)); err != nil {
			return err
		}
	}
	for _, path := range []string{"README.md", "CHANGELOG.md", "cmd/packages/files/ftpscope-sniff@.service"} {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := b.put(filepath.Base(path), text); err != nil {
			return err
		}
	}
	return nil
}

// put writes a file into the stage, with the commit's time.
func (b *build) put(name string, text []byte) error {
	path := filepath.Join(b.stage, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return err
	}
	return os.Chtimes(path, b.version.date, b.version.date)
}

// gzipped is a text as man pages are kept. It says nothing of when it was packed.
func gzipped(text []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
	z.Write(text)
	z.Close()
	return b.Bytes()
}

// manPages are all pages, by file name: the program's, one a command, one a topic of the manual.
func manPages(ask func(args ...string) (string, error), v version) (map[string][]byte, error) {
	overview, err := ask("help")
	if err != nil {
		return nil, err
	}
	refs := []roff.Ref{{Name: "ftpscope", Section: 1}}
	pages := map[string][]byte{}
	page := func(name string, section int, summary string) roff.Page {
		return roff.Page{Name: name, Section: section, Summary: summary, Date: v.date, Version: v.name()}
	}
	for _, c := range commandsOf(overview) {
		text, err := ask("help", c.name)
		if err != nil {
			return nil, err
		}
		p := page("ftpscope-"+c.name, 1, c.doc)
		p.SeeAlso = refs[:1]
		refs = append(refs, roff.Ref{Name: p.Name, Section: 1})
		if pages[p.Name+".1"], err = whole(text, p.Help(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	for _, t := range manual.Topics() {
		p := page("ftpscope-"+t.Name, 7, t.Summary)
		p.SeeAlso = refs[:1]
		refs = append(refs, roff.Ref{Name: p.Name, Section: 7})
		pages[p.Name+"."+strconv.Itoa(p.Section)] = p.Markdown(t.Text)
	}
	p := page("ftpscope", 1, "explains the FTP sessions in packet captures")
	p.SeeAlso = refs[1:]
	pages["ftpscope.1"], err = whole(overview, p.Help(overview))
	return pages, err
}

// whole is a man page that says all that help does.
func whole(help string, page []byte) ([]byte, error) {
	if lost := roff.Missing(help, page); len(lost) > 0 {
		return nil, fmt.Errorf("the man page lacks words of help: %q", lost)
	}
	return page, nil
}

// described is a command with what help says of it.
type described struct{ name, doc string }

// commandsOf reads the list of commands of help's first page, which is this page's own command too.
func commandsOf(overview string) (list []described) {
	_, rest, _ := strings.Cut(overview, "\nCommands:\n")
	for line := range strings.Lines(rest) {
		name, doc, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" {
			break
		}
		if name != "help" {
			list = append(list, described{name, strings.TrimSpace(doc)})
		}
	}
	return list
}
