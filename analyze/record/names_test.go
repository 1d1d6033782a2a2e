package record_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
)

func TestNames(t *testing.T) {
	for argument, want := range map[string]struct {
		name   string
		binary bool
	}{
		"a.ZIP": {"a.ZIP", true}, `C:\x\b.exe`: {"b.exe", true}, "/d/e.txt": {"e.txt", false}, "/d/.zip": {".zip", true}, "tar": {"tar", false}, "x.": {"x.", false}, "a. b": {"a. b", false},
	} {
		x := record.Transfer{Argument: &argument}
		require.Equal(t, want.name, x.FileName())
		require.Equal(t, want.binary, x.BinaryByName(), argument)
	}
	require.Equal(t, ".", new(record.Transfer).FileName())
}

func TestInASCII(t *testing.T) {
	a, i := "A", "I"
	said := &record.Reply{Code: 150, Text: "Opening ASCII mode data connection"}
	for _, c := range []struct {
		t               record.Transfer
		ascii, byServer bool
	}{
		{record.Transfer{Representation: &a}, true, false},
		{record.Transfer{Representation: &i, Preliminary: said}, false, false},
		{record.Transfer{Preliminary: said}, true, true},
		{record.Transfer{Preliminary: &record.Reply{Code: 150, Text: "Ok"}}, false, false},
		{record.Transfer{}, false, false},
	} {
		ascii, byServer := c.t.InASCII()
		require.Equal(t, [2]bool{c.ascii, c.byServer}, [2]bool{ascii, byServer})
	}
}
