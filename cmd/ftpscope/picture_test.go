package main

import (
	"bytes"
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPicture wants the README's picture of a terminal to be what the program writes:
// make pictures renews it.
func TestPicture(t *testing.T) {
	const file = "manual/terminal.svg"
	var out, errs bytes.Buffer
	code := run([]string{"analyze", "--color", "always", "--disable", "cleartext-credentials", pcaps + "/nat-private-address.pcap"}, strings.NewReader(""), &out, &errs)
	require.Equal(t, exitDone, code, errs.String())
	page, _, _ := strings.Cut(out.String(), "\n\n\x1b[31m●")
	picture := terminalPicture("$ ftpscope nat-private-address.pcap\n" + strings.TrimSpace(page))
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(picture), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), picture)
}

// Measures of a terminal's letters and lines, in pixels.
const (
	letter, line, around = 7.8, 19, 16
	cut                  = 100 // columns
)

// terminalPicture is the picture of a terminal that shows text with its colours.
func terminalPicture(text string) string {
	lines := strings.Split(text, "\n")
	var b strings.Builder
	width, height := int(cut*letter)+2*around, len(lines)*line+2*around
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" font-family="ui-monospace,Menlo,Consolas,monospace" font-size="13" fill="#d4d4d4">`+"\n", width, height, width)
	b.WriteString("<style>.b{font-weight:bold;fill:#fff}.d{fill:#8c8c8c}.r{fill:#f2777a}.g{fill:#99cc99}.c{fill:#66cccc}</style>\n")
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="8" fill="#1e1e1e"/>`+"\n", width, height)
	for i, l := range lines {
		if spans := spansOf(l); spans != "" {
			fmt.Fprintf(&b, `<text x="%d" y="%d" xml:space="preserve">%s</text>`+"\n", around, around+line*i+14, spans)
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

var painted = regexp.MustCompile(`\x1b\[(\d*)m`)

// spansOf turns escape sequences into spans.
func spansOf(line string) string {
	classes := map[string]string{"1": "b", "2": "d", "31": "r", "32": "g", "33": "r", "36": "c"}
	var b strings.Builder
	open := false
	from := 0
	for _, at := range append(painted.FindAllStringSubmatchIndex(line, -1), []int{len(line), len(line), 0, 0}) {
		b.WriteString(html.EscapeString(line[from:at[0]]))
		from = at[1]
		if open {
			b.WriteString("</tspan>")
			open = false
		}
		if class := classes[line[at[2]:at[3]]]; class != "" {
			b.WriteString(`<tspan class="` + class + `">`)
			open = true
		}
	}
	return b.String()
}
