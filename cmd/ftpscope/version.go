package main

import (
	"runtime"
	"runtime/debug"
	"strings"
)

func runVersion(e *env, args []string) int {
	if code, done := e.noArguments("version", versionUsage, args); done {
		return code
	}
	info, _ := debug.ReadBuildInfo()
	return e.print("ftpscope " + version(info) + "\n")
}

// version tells the module's version, the revision and the toolchain, as far as the build knows them.
func version(info *debug.BuildInfo) string {
	v := "devel"
	if info == nil {
		return v
	}
	if m := info.Main.Version; m != "" && m != "(devel)" {
		v = m
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	const short = 12 // digits of a revision that people quote
	var parts []string
	if r := set["vcs.revision"]; r != "" {
		parts = append(parts, r[:min(len(r), short)])
	}
	if t := set["vcs.time"]; t != "" {
		parts = append(parts, t)
	}
	if set["vcs.modified"] == "true" {
		parts = append(parts, "modified")
	}
	if len(parts) > 0 {
		v += " (" + strings.Join(parts, ", ") + ")"
	}
	return v + " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}
