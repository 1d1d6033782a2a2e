// Command packages builds what people install: packages for Linux, archives for all systems, and their checksums. Two
// runs over one commit give the same bytes.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run builds all of it, in the repository's top folder.
func run(args []string, stdout, stderr io.Writer) int {
	s := flag.NewFlagSet("packages", flag.ContinueOnError)
	s.SetOutput(stderr)
	out := s.String("out", "dist", "folder for the packages; what is in it is removed")
	nfpm := s.String("nfpm", "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.48.0", "the tool that makes deb, rpm and apk")
	if s.Parse(args) != nil {
		return 2
	}
	b := &build{out: *out, nfpm: *nfpm, log: stderr}
	names, err := b.all()
	if err != nil {
		fmt.Fprintln(stderr, "packages:", err)
		return 1
	}
	for _, n := range names {
		fmt.Fprintln(stdout, filepath.Join(*out, n))
	}
	return 0
}

// target is a system that a program is built for.
type target struct{ os, arch string }

var targets = []target{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"}}

// linuxPackages are the kinds of packages, and where zsh looks for completions on the systems that use them.
var linuxPackages = []struct{ kind, zsh string }{
	{"deb", "/usr/share/zsh/vendor-completions"},
	{"rpm", "/usr/share/zsh/site-functions"},
	{"apk", "/usr/share/zsh/site-functions"},
}

// build is one run.
type build struct {
	out     string
	nfpm    string
	log     io.Writer
	stage   string // what goes into packages
	version version
}

// all builds everything and returns the files' names.
func (b *build) all() (names []string, err error) {
	if b.version, err = readVersion(); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(b.out); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return nil, err
	}
	if b.stage, err = os.MkdirTemp("", "ftpscope-packages-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(b.stage)
	if err := b.texts(); err != nil {
		return nil, err
	}
	for _, t := range targets {
		more, err := b.target(t)
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", t.os, t.arch, err)
		}
		names = append(names, more...)
	}
	slices.Sort(names)
	return append(names, sumsName), writeSums(b.out, names)
}

// target builds the program for a system and packs it.
func (b *build) target(t target) (names []string, err error) {
	program := "ftpscope"
	if t.os == "windows" {
		program += ".exe"
	}
	path := filepath.Join(b.stage, program)
	fmt.Fprintf(b.log, "packages: %s/%s\n", t.os, t.arch)
	// the version comes from git whatever GOFLAGS say; a table of symbols is of no use without a debugger
	if err := b.command(t.env(), "go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s", "-o", path, "./cmd/ftpscope"); err != nil {
		return nil, err
	}
	defer os.Remove(path)
	name := fmt.Sprintf("ftpscope-%s-%s-%s", b.version.name(), t.os, t.arch)
	if t.os != "linux" {
		return []string{name + ".zip"}, writeZip(filepath.Join(b.out, name+".zip"), b.archive(name, program, t.os), b.version.date)
	}
	if err := writeTar(filepath.Join(b.out, name+".tar.gz"), b.archive(name, program, t.os), b.version.date); err != nil {
		return nil, err
	}
	names = []string{name + ".tar.gz"}
	for _, p := range linuxPackages {
		before, err := filepath.Glob(filepath.Join(b.out, "*."+p.kind))
		if err != nil {
			return nil, err
		}
		env := append(b.version.env(), "ARCH="+t.arch, "ZSH="+p.zsh, "STAGE="+b.stage)
		if err := b.command(env, "go", "run", b.nfpm, "package", "--config", "cmd/packages/files/nfpm.yaml", "--packager", p.kind, "--target", b.out); err != nil {
			return nil, err
		}
		after, err := filepath.Glob(filepath.Join(b.out, "*."+p.kind))
		if err != nil {
			return nil, err
		}
		for _, path := range after {
			if !slices.Contains(before, path) {
				names = append(names, filepath.Base(path))
			}
		}
	}
	return names, nil
}

// env is what Go needs to know of a system.
func (t target) env() []string {
	return append([]string{"CGO_ENABLED=0", "GOOS=" + t.os, "GOARCH=" + t.arch}, anybodysGit...)
}

// anybodysGit lets git read a checkout that is another user's, as it is in containers.
var anybodysGit = []string{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"}

// command runs a program with more in its environment; what it writes is shown when it fails.
func (b *build) command(env []string, name string, args ...string) error {
	_, err := output(env, name, args...)
	return err
}

func output(env []string, name string, args ...string) (string, error) {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), env...)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, out, errs.String())
	}
	return string(out), nil
}
