package main

import (
	"runtime/debug"
	"strings"

	"ftpscope/analyze/compare"
	"ftpscope/analyze/extract"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/comparison"
	"ftpscope/analyze/report/schema"
	"ftpscope/capture/live"
	"ftpscope/cmd/ftpscope/complete"
	"ftpscope/cmd/ftpscope/fleet"
	"ftpscope/cmd/ftpscope/manual"
)

const interfacesUsage = `Lists the interfaces that sniff can listen on.

Usage:
  ftpscope interfaces

Examples:
  ftpscope interfaces
  sudo ftpscope sniff -i eth0
`

// runInterfaces lists them, a line each: name, whether it is up, addresses.
func runInterfaces(e *env, args []string) int {
	if code, done := e.noArguments("interfaces", interfacesUsage, args); done {
		return code
	}
	list, err := live.Interfaces()
	if err != nil {
		e.error("%v", err)
		return exitRead
	}
	width := len(live.Any)
	for _, i := range list {
		width = max(width, len(prose.Escape(i.Name)))
	}
	var b strings.Builder
	row := func(name, state string, more ...string) {
		line := name + strings.Repeat(" ", width-len(name)+2) + state + strings.Repeat(" ", 6-len(state)) + strings.Join(more, " ")
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	for _, i := range list {
		state := "down"
		if i.Up {
			state = "up"
		}
		var more []string
		for _, a := range i.Addrs {
			more = append(more, a.String())
		}
		if i.Description != "" {
			more = append(more, prose.Escape(i.Description))
		}
		row(prose.Escape(i.Name), state, more...)
	}
	row(live.Any, "", "all of them")
	return e.print(b.String())
}

func interfaceNames() []string {
	list, _ := live.Interfaces() // what cannot be listed is not hinted at
	var names []string
	for _, i := range list {
		names = append(names, i.Name)
	}
	return names
}

const schemaUsage = `Prints the JSON Schema (2020-12) of the records that -o json writes: every key, what it means, which
words it can have and when it is null. Validators may want a file for each record: split -l 1.
With the word compare it is that of ftpscope compare -o json.

Usage:
  ftpscope schema [compare]

Examples:
  ftpscope schema | jq '."$defs".transfer.properties | map_values(.description)'
  ftpscope schema > records.json && check-jsonschema --schemafile records.json record.*
`

func runSchema(e *env, args []string) int {
	if len(args) == 1 && args[0] == "compare" {
		return e.print(string(schema.ComparisonText()))
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		e.error("schema takes nothing or the word compare, got %q", args[len(args)-1])
		e.hint("ftpscope schema --help")
		return exitUsage
	}
	if code, done := e.noArguments("schema", schemaUsage, args); done {
		return code
	}
	return e.print(string(schema.Text()))
}

func completionUsage() string {
	var b strings.Builder
	b.WriteString(`Prints a script by which a shell completes ftpscope's command lines: commands, flags, formats,
findings, causes, interfaces, captures. Packages install it.

Usage:
  ftpscope completion bash|zsh|fish

For this shell, or for all to come:
`)
	for _, s := range complete.Shells() {
		b.WriteString("  " + s.Text + prose.Spaces(6-len(s.Text)) + s.Doc + "\n")
	}
	b.WriteString(`
Examples:
  ftpscope completion bash > /etc/bash_completion.d/ftpscope
  ftpscope completion fish > ~/.config/fish/completions/ftpscope.fish
`)
	return b.String()
}

// runCompletion prints a shell's script, or with --words answers one.
func runCompletion(e *env, args []string) int {
	if len(args) > 1 && args[0] == "--words" && args[1] == "--" {
		return e.print(completions().Complete(args[2:]).String())
	}
	if len(args) == 1 {
		if script, ok := complete.Script(args[0]); ok {
			return e.print(script)
		}
	}
	if len(args) > 0 && strings.HasPrefix(args[0], "-") {
		code, _ := e.noArguments("completion", completionUsage(), args)
		return code
	}
	e.error("completion takes the name of a shell: bash, zsh or fish")
	e.hint("ftpscope completion --help")
	return exitUsage
}

// completions are all that a command line can have.
func completions() *complete.Table {
	t := &complete.Table{Default: "analyze", Values: valuesOf}
	args := map[string][]complete.Word{"completion": complete.Shells(), "schema": {{Text: "compare", Doc: "of compare's records"}}}
	for _, list := range [][]explained{rules(), causes()} {
		for _, x := range list {
			args["findings"] = append(args["findings"], complete.Word{Text: x.name, Doc: x.text})
		}
	}
	for _, w := range fleet.Words() {
		args["fleet"] = append(args["fleet"], complete.Word{Text: w.Name, Doc: w.Doc})
	}
	for _, c := range commands() {
		args["help"] = append(args["help"], complete.Word{Text: c.name, Doc: c.doc})
	}
	for _, x := range manual.Topics() {
		args["help"] = append(args["help"], complete.Word{Text: x.Name, Doc: x.Summary})
	}
	for _, c := range commands() {
		d := complete.Command{Word: complete.Word{Text: c.name, Doc: c.doc}, Args: args[c.name]}
		if c.flags != nil {
			d.Flags, d.Captures = c.flags(), c.name != "sniff"
			configFlag(d.Flags)
		}
		t.Commands = append(t.Commands, d)
	}
	return t
}

// valuesOf are the words that a flag takes, if it takes certain ones.
func valuesOf(command, flag string) (list []complete.Word) {
	plain := func(words []string) {
		for _, w := range words {
			list = append(list, complete.Word{Text: w})
		}
	}
	meant := func(words []explained) {
		for _, x := range words {
			list = append(list, complete.Word{Text: x.name, Doc: x.text})
		}
	}
	switch flag {
	case "output":
		if command == "compare" {
			for _, f := range comparison.Formats() {
				plain([]string{f.Name})
			}
			break
		}
		for _, f := range allFormats() {
			list = append(list, complete.Word{Text: f.Name, Doc: f.Doc})
		}
	case "finding", "disable":
		meant(rules())
	case "cause":
		meant(causes())
	case "fail-on":
		if command == "compare" {
			plain(compare.Verdicts())
			break
		}
		plain(record.FromMildest())
		meant(causes())
	case "at":
		plain(words(record.Places))
	case "mode":
		plain(sessionModes)
	case "initiator":
		plain(initiators)
	case "outcome":
		plain(outcomes)
	case "min-severity":
		plain(record.FromMildest())
	case "hash":
		plain(extract.Hashes())
	case "color":
		plain([]string{"auto", "always", "never"})
	case "tz":
		plain([]string{"UTC", "local"})
	case "interface":
		plain(append(interfaceNames(), live.Any))
	}
	return list
}

// fleetEnv is what the commands of fleet have to work with.
func (e *env) fleetEnv() *fleet.Env {
	info, _ := debug.ReadBuildInfo()
	return &fleet.Env{
		Stdout: e.stdout, Version: version(info), Error: e.error, Hint: e.hint, Warn: e.warning, Say: e.say, Parse: e.parseFlags, Suggest: e.suggest,
		Outputs: func(args []string) (list []fleet.Output, ok bool) {
			specs, ok := e.outputSpecs(args)
			for _, s := range specs {
				list = append(list, fleet.Output{Format: s.format, Path: s.path})
			}
			return list, ok
		},
	}
}

// runFleet runs a command of fleet.
func runFleet(e *env, args []string) int {
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		return e.print(fleet.Usage())
	}
	return fleet.Run(e.fleetEnv(), args)
}
