package main

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/report/schema"
	"ftpscope/capture/live"
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
