//go:build unix

package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Files that are made of captures are for the user and the group, with passwords for the user alone; what is replaced
// keeps its mode.
func TestModesOfOutputs(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	for flag, most := range map[string]fs.FileMode{"--quiet": 0o640, "--show-passwords": 0o600} {
		out := t.TempDir()
		args := []string{"analyze", flag, "--extract", filepath.Join(out, "files")}
		for _, f := range allFormats() {
			args = append(args, "-o", f.Name+"="+filepath.Join(out, f.Name))
		}
		inProcess(t, append(args, pcaps+"/passive-pasv.pcap")...)
		if flag == "--quiet" {
			inProcess(t, "carve", "--all-ftp", "-w", filepath.Join(out, "carved.pcapng"), pcaps+"/passive-pasv.pcap")
		}
		require.NoError(t, filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
			require.NoError(t, err)
			if d.Type().IsRegular() {
				info, err := d.Info()
				require.NoError(t, err)
				require.Equal(t, most, info.Mode(), path)
			}
			return nil
		}))
	}
	kept := filepath.Join(t.TempDir(), "kept.json")
	require.NoError(t, os.WriteFile(kept, nil, 0o644))
	inProcess(t, "analyze", "-o", "json="+kept, pcaps+"/passive-pasv.pcap")
	info, err := os.Stat(kept)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o644), info.Mode())
}

// Nothing is written behind a link that another user put into a directory of all, and the link is named.
func TestForeignLinks(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes links of other users")
	}
	const nobody = 65534
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o777|fs.ModeSticky))
	victim, folder := filepath.Join(dir, "victim"), filepath.Join(dir, "folder")
	require.NoError(t, os.WriteFile(victim, []byte("precious\n"), 0o600))
	require.NoError(t, os.Mkdir(folder, 0o700))
	link := filepath.Join(dir, "link")
	for _, test := range []struct {
		to   string
		args []string
	}{
		{victim, []string{"analyze", "-o", "json=" + link}},
		{victim, []string{"analyze", "-o", "sqlite=" + link}},
		{filepath.Join(folder, "new"), []string{"analyze", "-o", "csv-transfers=" + link}},
		{folder, []string{"analyze", "-o", "html=" + link + "/a.html"}},
		{folder, []string{"analyze", "--extract", link}},
		{folder, []string{"analyze", "--extract", link + "/files"}},
		{victim, []string{"carve", "--all-ftp", "-w", link}},
	} {
		require.NoError(t, os.Symlink(test.to, link))
		require.NoError(t, os.Lchown(link, nobody, nobody))
		var stdout, stderr bytes.Buffer
		require.NotZero(t, run(append(test.args, pcaps+"/passive-pasv.pcap"), strings.NewReader(""), &stdout, &stderr), test.args)
		require.Contains(t, stderr.String(), link+" is a symbolic link of another user", test.args)
		content, err := os.ReadFile(victim)
		require.NoError(t, err)
		require.Equal(t, "precious\n", string(content))
		list, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Empty(t, list, test.args)
		require.NoError(t, os.Remove(link))
	}
}
