package main

import (
	"strings"

	"ftpscope/analyze/report/schema"
)

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
