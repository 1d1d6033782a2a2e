package html

import (
	"bytes"
	"flag"
	"image"
	"image/color/palette"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var (
	shots         = flag.String("shots", "", "write screenshots of a report to this folder")
	shotsFrom     = flag.String("shots-of", "", "the report, a file made by -o html")
	ladderPicture = flag.String("picture", "", "write the manual's picture of a ladder to this file; the report is -shots-of")
	shotsHash     = flag.String("shots-hash", "", "the part after #, such as open=1")
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
			shot := run(b, chromedp.FullScreenshot(100))
			name := map[int64]string{1280: "wide", 400: "narrow"}[width]
			require.NoError(t, os.WriteFile(filepath.Join(*shots, name+"-"+scheme+".png"), shot, 0o644))
			t.Log(name, scheme, "width of content", eval[int](b, "document.documentElement.scrollWidth"))
		}
	}
	pdf := run(b, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
	require.NoError(t, os.WriteFile(filepath.Join(*shots, "print.pdf"), pdf, 0o644))
	b.quiet()
}

// TestLadderPicture writes the manual's picture of a ladder: make pictures.
func TestLadderPicture(t *testing.T) {
	if *ladderPicture == "" {
		t.Skip("no -picture")
	}
	b := newBrowser(t)
	html, err := os.ReadFile(*shotsFrom)
	require.NoError(t, err)
	b.size(1120, 3000)
	b.scheme("light")
	b.open(string(html), "#open=1")
	shot, err := png.Decode(bytes.NewReader(run(b, chromedp.Screenshot(chromedp.CSS(`[id="s1.1"] .ladder`)))))
	require.NoError(t, err)
	small := image.NewPaletted(shot.Bounds(), palette.Plan9) // a third of the bytes
	draw.Draw(small, small.Rect, shot, shot.Bounds().Min, draw.Src)
	var file bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&file, small))
	require.NoError(t, os.WriteFile(*ladderPicture, file.Bytes(), 0o644))
}
