package analyze

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// policy says who may import whom: "package: packages and modules". The standard library is free to all, but cgo.
// A new package gets a line here, in a step of its own.
const policy = `
capture/flow:
analyze/ftp:
capture/decode:      capture/flow github.com/google/gopacket
capture/buffer:
capture/outfile:
capture/pcapfile:    capture/outfile capture/buffer capture/flow
capture/unpack:      github.com/klauspost/compress github.com/mikelolasagasti/xz github.com/pierrec/lz4 github.com/ulikunitz/xz
capture/tail:        capture/buffer capture/flow
capture:             capture/flow github.com/google/gopacket capture/buffer capture/pcapfile capture/tail capture/unpack capture/zipfile
capture/zipfile:
capture/live:        capture capture/flow capture/decode github.com/google/gopacket golang.org/x/sys golang.org/x/net/bpf
capture/tcp:         capture/flow capture/tcp/reassembly
capture/tcp/reassembly:capture/flow
capture/filter:      capture/decode github.com/google/gopacket
capture/cryptopan:
capture/rewrite:     capture/decode capture/cryptopan github.com/google/gopacket
capture/capturetest: capture/capturetest/rawfile capture/flow github.com/google/gopacket
capture/capturetest/traffic:
capture/capturetest/tlspair:
capture/capturetest/rawfile:
analyze/record:      capture/flow analyze/ftp
analyze/prose:       capture/flow github.com/rivo/uniseg
analyze/tlsrec:      capture/flow analyze/record
analyze/keylog:
analyze/decrypt:     capture/flow analyze/keylog analyze/tlsrec golang.org/x/crypto
analyze/control:     capture/flow analyze/decrypt analyze/ftp analyze/record analyze/tlsrec
analyze/match:       capture/flow analyze/control analyze/record analyze/tlsrec
analyze/analyzetest: analyze analyze/record analyze/report analyze/report/jsonl capture capture/capturetest github.com/stretchr/testify/require
analyze/settings:
analyze/finding:     capture/flow analyze/record analyze/prose analyze/settings
analyze/verdict:     capture/flow analyze/record analyze/prose analyze/settings
analyze/compare:     capture/flow analyze/ftp analyze/record analyze/prose
analyze/report:      capture/flow analyze/record analyze/prose
analyze/report/diagnosis: capture/flow analyze/record analyze/prose analyze/report
analyze/report/servers: capture/flow analyze/record analyze/prose analyze/report/diagnosis
analyze/report/ladder: capture/flow analyze/record analyze/prose analyze/report/diagnosis
analyze/report/jsonl: capture/flow analyze/record analyze/prose analyze/report
analyze/report/table: capture/flow analyze/record analyze/prose analyze/report analyze/report/diagnosis analyze/report/servers
analyze/report/explain: analyze/record analyze/prose analyze/report analyze/report/diagnosis analyze/report/ladder analyze/report/servers
analyze/report/html: capture/flow analyze/record analyze/prose analyze/finding analyze/report analyze/report/diagnosis analyze/report/jsonl analyze/report/ladder analyze/report/servers
analyze/report/markdown: capture/flow analyze/record analyze/prose analyze/report analyze/report/diagnosis analyze/report/jsonl
analyze/report/siem: capture/flow analyze/record analyze/prose analyze/report analyze/report/diagnosis analyze/report/jsonl
analyze/report/rules: capture/flow analyze/record analyze/prose analyze/report analyze/report/servers
analyze/report/comparison: capture/flow analyze/record analyze/prose analyze/compare analyze/report analyze/report/diagnosis analyze/report/jsonl analyze/report/ladder
analyze/report/formats: capture/flow analyze/record analyze/prose analyze/report analyze/report/table analyze/report/jsonl analyze/report/explain analyze/report/html analyze/report/rules analyze/report/siem analyze/report/markdown
analyze/report/reporttest: capture/flow analyze/record analyze/prose analyze/report github.com/stretchr/testify
analyze/renumber:    capture/flow analyze/record
analyze/pick:        capture capture/flow capture/decode
analyze/extract:     capture/outfile capture/flow capture/tcp analyze/record analyze/prose github.com/gabriel-vasile/mimetype
analyze/report/schema: capture/flow analyze/record analyze/finding analyze/compare
analyze:             capture capture/flow capture/decode capture/tcp analyze/ftp analyze/record analyze/prose analyze/finding analyze/verdict analyze/compare analyze/tlsrec analyze/keylog analyze/decrypt analyze/control analyze/match analyze/renumber
analyze/facts:       capture capture/flow analyze analyze/control analyze/record analyze/facts/codec github.com/klauspost/compress
analyze/facts/codec: capture/flow analyze analyze/control analyze/record
cmd/ftpscope:        capture/outfile analyze analyze/facts analyze/keylog analyze/carve analyze/pick analyze/compare analyze/extract analyze/record analyze/prose analyze/finding analyze/report analyze/report/comparison analyze/report/diagnosis analyze/report/formats analyze/report/schema capture capture/cryptopan capture/flow capture/filter capture/live cmd/ftpscope/sandbox cmd/ftpscope/metrics cmd/ftpscope/view cmd/ftpscope/manual cmd/ftpscope/complete cmd/ftpscope/config cmd/ftpscope/mistakes cmd/ftpscope/wireshark analyze/report/casedb github.com/spf13/pflag golang.org/x/term capture/pcapfile cmd/ftpscope/bytesize cmd/ftpscope/fleet
cmd/ftpscope/bytesize:
cmd/ftpscope/fleet/wire: analyze/record analyze/report github.com/fxamacker/cbor/v2 github.com/klauspost/compress
cmd/ftpscope/fleet/spool:cmd/ftpscope/fleet/wire
cmd/ftpscope/fleet/link: analyze/prose github.com/nats-io/nats.go github.com/spf13/pflag
cmd/ftpscope/fleet/hub:  github.com/nats-io/nats-server/v2 github.com/nats-io/nats.go
cmd/ftpscope/fleet/sensor:cmd/ftpscope/fleet/link cmd/ftpscope/fleet/spool cmd/ftpscope/fleet/wire analyze/record analyze/prose github.com/nats-io/nats.go
cmd/ftpscope/fleet/collect:cmd/ftpscope/fleet/link cmd/ftpscope/fleet/spool cmd/ftpscope/fleet/wire analyze/record analyze/report analyze/prose capture/outfile github.com/nats-io/nats.go
cmd/ftpscope/fleet:  cmd/ftpscope/bytesize cmd/ftpscope/fleet/link cmd/ftpscope/fleet/hub cmd/ftpscope/fleet/sensor cmd/ftpscope/fleet/collect analyze/report analyze/prose github.com/nats-io/nats.go github.com/spf13/pflag
analyze/carve:       capture capture/decode capture/flow capture/rewrite capture/cryptopan analyze/ftp analyze/record analyze/prose analyze/pick capture/pcapfile
analyze/report/casedb:capture/outfile capture/flow analyze/record analyze/report modernc.org/sqlite
cmd/ftpscope/manual: analyze/prose github.com/yuin/goldmark
cmd/ftpscope/complete:github.com/spf13/pflag
cmd/ftpscope/config: github.com/spf13/pflag
cmd/ftpscope/mistakes:
cmd/ftpscope/wireshark:analyze/record capture/flow
cmd/ftpscope/sandbox:golang.org/x/sys github.com/landlock-lsm/go-landlock kernel.org/pub/linux/libs/security/libcap/psx
cmd/ftpscope/metrics:analyze analyze/finding analyze/record analyze/prose capture/flow github.com/prometheus/client_golang
cmd/ftpscope/view:   analyze analyze/report analyze/report/table analyze/record analyze/prose capture/flow charm.land/bubbletea/v2 github.com/charmbracelet/colorprofile golang.org/x/term
cmd/packages:        cmd/ftpscope/manual cmd/packages/roff
cmd/packages/roff:   cmd/ftpscope/manual github.com/yuin/goldmark
cmd/bench:           capture/capturetest/traffic capture/capturetest/tlspair golang.org/x/sys
`

// inTests is what test files may import besides. gopacket is not among them: only the packages that list it see packets.
var inTests = []string{"capture/capturetest", "analyze/analyzetest", "capture/capturetest/traffic", "capture/capturetest/tlspair", "github.com/stretchr/testify/require", "github.com/rogpeppe/go-internal/testscript", "golang.org/x/sys",
	"analyze/report", "analyze/report/formats", "analyze/report/reporttest", "analyze/report/schema", "github.com/santhosh-tekuri/jsonschema/v6", "github.com/yuin/goldmark"}

// endToEnd is what the tests of a package may import besides that run it behind, or in front of, others.
var endToEnd = map[string][]string{
	"analyze":         {"analyze/pick"},
	"analyze/compare": {"analyze", "capture"},
	"analyze/control": {"analyze"},
	"analyze/match":   {"analyze", "analyze/ftp"},
	"analyze/extract": {"analyze", "capture"},
	"analyze/finding": {"analyze", "capture"},
	"analyze/verdict": {"analyze", "capture"},
	"analyze/pick":    {"analyze", "analyze/record"},

	"cmd/ftpscope/fleet":         {"analyze/record"},
	"cmd/ftpscope/fleet/link":    {"github.com/spf13/pflag"},
	"cmd/ftpscope/fleet/wire":    {"analyze", "capture"},
	"cmd/ftpscope/fleet/hub":     {"cmd/ftpscope/fleet/link"},
	"cmd/ftpscope/fleet/sensor":  {"cmd/ftpscope/fleet/hub", "cmd/ftpscope/fleet/wire"},
	"cmd/ftpscope/fleet/collect": {"cmd/ftpscope/fleet/hub", "github.com/nats-io/nats-server/v2"},
	"cmd/ftpscope":               {"analyze/report/markdown", "analyze/report/siem"},
}

// inBrowserTests is what tests may import besides that open a report in a browser.
var inBrowserTests = []string{"github.com/chromedp/chromedp", "github.com/chromedp/cdproto"}

// underCapture is what test files under capture/ may import besides.
// The packers of what is unpacked are tests' alone.
var underCapture = []string{"capture/flow", "capture/decode", "capture/capturetest/rawfile", "github.com/google/gopacket",
	"github.com/klauspost/compress", "github.com/pierrec/lz4", "github.com/ulikunitz/xz"}

// inExamples is what example_test.go of a package may import besides: there are gopacket's users, and ours.
var inExamples = []string{"analyze", "analyze/record", "capture", "github.com/google/gopacket"}

// folders may stand at the top; dist and bench are made by make and not kept.
var folders = []string{"cmd", "capture", "analyze", "pcaps", "dist", "bench"}

const module = "ftpscope/"

// The house's rules: how much a file, a package, a function and a type may hold.
const (
	maxLines        = 600 // of a file: more is two files
	maxFiles        = 20  // of a package, tests and rules apart
	maxFunctionLine = 80
	maxFields       = 25
	maxMethods      = 40
)

func TestImports(t *testing.T) {
	allowed := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(policy)) {
		name, list, _ := strings.Cut(line, ":")
		allowed[name] = strings.Fields(list)
	}
	eachGoFile(t, func(pkg, file string) {
		may, known := allowed[pkg]
		if !known {
			t.Errorf("%s: package %s has no line in policy (deps_test.go)", file, pkg)
			return
		}
		if strings.HasSuffix(file, "_test.go") {
			may = slices.Concat(may, inTests, endToEnd[pkg], []string{pkg})
			if path.Base(filepath.ToSlash(file)) == "example_test.go" {
				may = append(may, inExamples...)
			}
			if pkg == "analyze/report/html" {
				may = append(may, inBrowserTests...)
			}
			if strings.HasPrefix(pkg+"/", "capture/") {
				may = append(may, underCapture...)
			}
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			if !mayImport(may, imported) {
				t.Errorf("%s: package %s must not import %s, by its line in policy (deps_test.go)", file, pkg, imported)
			}
		}
	})
}

// mayImport reports whether imported is the standard library's or in the list: our packages by name, modules as a whole.
func mayImport(list []string, imported string) bool {
	if own, ok := strings.CutPrefix(imported, module); ok {
		return slices.Contains(list, own)
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return imported != "C"
	}
	return slices.ContainsFunc(list, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") })
}

func TestMayImport(t *testing.T) {
	list := []string{"capture", "github.com/google/gopacket"}
	for imported, want := range map[string]bool{
		"net/netip": true, "C": false, "ftpscope/capture": true, "ftpscope/capture/tcp": false, "ftpscope/analyze": false,
		"github.com/google/gopacket/layers": true, "github.com/google/gopacketx": false, "golang.org/x/sys/unix": false,
	} {
		require.Equal(t, want, mayImport(list, imported), imported)
	}
}

func TestLayout(t *testing.T) {
	entries, err := os.ReadDir("..")
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			require.Contains(t, folders, e.Name(), "a new folder at the top")
		}
	}
}

// TestHouseRules measures every file that is no test.
func TestHouseRules(t *testing.T) {
	sizes := map[string]int{}
	eachGoFile(t, func(pkg, file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, 0)
		require.NoError(t, err)
		lines := func(n ast.Node) int { return set.Position(n.End()).Line - set.Position(n.Pos()).Line + 1 }
		if !strings.HasPrefix(filepath.Base(file), "rule_") { // one a rule
			sizes["files of "+pkg]++
		}
		sizes["lines of "+strings.TrimPrefix(filepath.ToSlash(file), "../")] = set.File(parsed.Pos()).LineCount()
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				of := ""
				if d.Recv != nil {
					of = receiver(d.Recv.List[0].Type) + "."
					sizes["methods of "+pkg+"."+strings.TrimSuffix(of, ".")]++
				}
				sizes["function "+pkg+"."+of+d.Name.Name] = lines(d)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if named, ok := spec.(*ast.TypeSpec); ok {
						if s, ok := named.Type.(*ast.StructType); ok {
							sizes["fields of "+pkg+"."+named.Name.Name] = s.Fields.NumFields()
						}
					}
				}
			}
		}
	})
	limits := map[string]int{"files": maxFiles, "lines": maxLines, "methods": maxMethods, "fields": maxFields, "function": maxFunctionLine}
	for what, n := range sizes {
		kind, _, _ := strings.Cut(what, " ")
		require.LessOrEqual(t, n, limits[kind], what)
	}
}

// receiver is the name of a method's type.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return "?"
}

// eachGoFile walks the project's Go files, for every operating system.
func eachGoFile(t *testing.T, visit func(pkg, file string)) {
	t.Helper()
	seen := 0
	require.NoError(t, filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case !d.IsDir() && path.Ext(file) == ".go":
			seen++
			visit(strings.TrimPrefix(path.Dir(filepath.ToSlash(file)), "../"), file)
		}
		return nil
	}))
	require.Greater(t, seen, 50, "the walk missed the project")
}

// TestNamesInComments: what a comment names by a word of code, as takeFirst or flow.Conn, is there.
func TestNamesInComments(t *testing.T) {
	names, packages, comments := map[string]bool{"macOS": true}, map[string]bool{"": true}, map[string]string{}
	words := regexp.MustCompile(`\w+`)
	eachGoFile(t, func(_, file string) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		require.NoError(t, err)
		packages[parsed.Name.Name] = true
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				names[n.Name] = true
			case *ast.BasicLit: // keys and field tags
				for _, w := range words.FindAllString(n.Value, -1) {
					names[w] = true
				}
			}
			return true
		})
		for _, group := range parsed.Comments {
			comments[file] += " " + group.Text()
		}
	})
	named := regexp.MustCompile(`[^\\\w](?:([a-z]+)\.([A-Z]\w*)|()([a-z]+[A-Z]\w*))`)
	for file, text := range comments {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if name := m[2] + m[4]; packages[m[1]] && !names[name] {
				t.Errorf("%s: a comment names %s, which does not exist", file, name)
			}
		}
	}
}
