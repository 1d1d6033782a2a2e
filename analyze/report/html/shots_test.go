package html

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var (
	shots     = flag.String("shots", "", "write screenshots of a report to this folder")
	shotsFrom = flag.String("shots-of", "", "the report, a file made by -o html")
	shotsHash = flag.String("shots-hash", "", "the part after #, such as open=1")
)

// TestScreenshots writes pictures to look at: light and dark, wide and narrow, and as
// printed.
func TestScreenshots(t *testing.T) {
	if *shots == "" {
		t.Skip("no -shots")
	}
	b := newBrowser(t)
	html, err := os.ReadFile(*shotsFrom)
	require.NoError(t, err)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 400} {
			b.size(width, 900)
			b.scheme(scheme)
			b.open(string(html), *shotsHash)
			png := run(b, chromedp.FullScreenshot(100))
			name := map[int64]string{1280: "wide", 400: "narrow"}[width]
			require.NoError(t, os.WriteFile(filepath.Join(*shots, name+"-"+scheme+".png"), png, 0o644))
			t.Log(name, scheme, "width of content", eval[int](b, "document.documentElement.scrollWidth"))
		}
	}
	pdf := run(b, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
	require.NoError(t, os.WriteFile(filepath.Join(*shots, "print.pdf"), pdf, 0o644))
	b.quiet()
}
