package formats

import (
	"testing"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

func write(t *testing.T, format string, o report.Options, sessions ...*record.Session) string {
	t.Helper()
	return reporttest.Write(t, All(), format, o, sessions...)
}

func writeAll(t *testing.T, format string, sessions ...*record.Session) string {
	t.Helper()
	return reporttest.WriteAll(t, All(), format, sessions...)
}
