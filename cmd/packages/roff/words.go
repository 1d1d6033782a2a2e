package roff

import "strings"

// plain undoes what escape and the pages' own marks do.
var plain = strings.NewReplacer(`\fB`, "", `\fR`, "", `\&`, "", `\-`, "-", `\(aq`, "'", `\(ga`, "`", `\(ha`, "^", `\(ti`, "~", `\(dq`, `"`, `\(bu`, "", `\e`, `\`)

// Missing are the words of a text that a page lacks: a page is to say all that help says. The headings that man pages call
// otherwise, and lines that are drawn, are no words.
func Missing(text string, page []byte) (list []string) {
	count := map[string]int{}
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, ".") {
			_, line, _ = strings.Cut(line, " ")
			line = strings.Trim(strings.TrimSpace(line), `"`)
		}
		for _, w := range strings.Fields(plain.Replace(line)) {
			count[w]++
		}
	}
	for line := range strings.Lines(text) {
		if sections[strings.TrimSpace(line)] != "" {
			continue
		}
		for _, w := range strings.Fields(line) {
			w = strings.TrimSuffix(w, "─")
			if count[w]--; count[w] < 0 && strings.Trim(w, "─-│▶◀0123456789.") != "" {
				list = append(list, w)
			}
		}
	}
	return list
}
