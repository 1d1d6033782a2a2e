package zipfile

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// packed is an archive of two files and a folder.
func packed(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"a.txt", "folder/", "folder/b.txt"} {
		w, err := z.Create(name)
		require.NoError(t, err)
		if !strings.HasSuffix(name, "/") {
			_, err = w.Write([]byte(strings.Repeat("text of "+name+"\n", 100)))
			require.NoError(t, err)
		}
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// changed sets bytes at a place behind each of an archive's entries that begin with a signature.
func changed(b []byte, signature string, at int, with ...byte) []byte {
	b = bytes.Clone(b)
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte(signature))
		if i < 0 {
			return b
		}
		copy(b[from+i+at:], with)
		from += i + len(signature)
	}
}

func read(path string) (text string, err error) {
	list, err := List(path)
	if err != nil {
		return "", err
	}
	for _, f := range list {
		r, err := f.Open()
		if err != nil {
			return text, err
		}
		b, err := io.ReadAll(r)
		text += f.Name + ":" + string(b[:min(len(b), 20)]) + "|"
		r.Close()
		if err != nil {
			return text, err
		}
	}
	return text, nil
}

func TestZip(t *testing.T) {
	whole := packed(t)
	large := bytes.Repeat([]byte("PK\x01\x02"), 5<<20)
	end := append([]byte("PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff"), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(end[12:], uint32(len(large)))
	entry := make([]byte, 46+60000)
	copy(entry, "PK\x01\x02")
	binary.LittleEndian.PutUint16(entry[28:], 60000)
	forged := append(bytes.Repeat(entry, 400), end...)
	binary.LittleEndian.PutUint32(forged[len(forged)-10:], uint32(400*len(entry)))
	tests := []struct {
		name  string
		bytes []byte
		text  string
		err   string
	}{
		{"whole", whole, "a.txt:text of a.txt\ntext o|folder/b.txt:text of folder/b.txt|", ""},
		{"a password", changed(whole, "PK\x01\x02", 8, 1), "", "password-protected: unpack it first (7z x)"},
		{"an unknown method", changed(whole, "PK\x01\x02", 10, 93), "", "compressed by method 93 of zip, which is not known: unpack it first (7z x)"},
		{"cut", whole[:len(whole)/2], "", "the zip archive is damaged or cut: its list of files, at the end, is not there"},
		{"damaged", changed(whole, "PK\x03\x04", 40, 0xff, 0xff, 0xff), "a.txt:|", "the zip data is damaged or cut"},
		{"other contents", changed(whole, "PK\x01\x02", 16, 1, 2, 3, 4), "a.txt:text of a.txt\ntext o|", "the zip data is damaged (zip: checksum error)"},
		{"a list that is too long", forged, "", "the zip archive's list of files has more than 16 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.zip")
			require.NoError(t, os.WriteFile(path, test.bytes, 0o600))
			text, err := read(path)
			if test.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, test.err)
			}
			if !strings.HasPrefix(test.name, "damaged") {
				require.Equal(t, test.text, text)
			}
		})
	}
	_, err := List(filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.zip")
	require.NoError(t, os.WriteFile(path, packed(t), 0o600))
	list, err := List(path)
	require.NoError(t, err)
	list[1].index = 7
	_, err = list[1].Open()
	require.EqualError(t, err, "the zip archive has changed")
	require.NoError(t, os.Remove(path))
	_, err = list[0].Open()
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzZip(f *testing.F) {
	f.Add(packed(f))
	f.Add(changed(packed(f), "PK\x01\x02", 8, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "a.zip")
		require.NoError(t, os.WriteFile(path, b, 0o600))
		_, _ = read(path) // it ends
	})
}
