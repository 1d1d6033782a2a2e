package settings

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFor(t *testing.T) {
	for _, x := range []struct {
		name, greeting string
		purpose        Purpose
		want           string
	}{
		{"a program", "(vsFTPd 3.0.3)", Announce, " (vsftpd pasv_address)"},
		{"another", "ProFTPD 1.3.5 Server (x) [::ffff:192.0.2.21]", PassiveRange, " (ProFTPD PassivePorts)"},
		{"one that hides in many words", "---------- Welcome to Pure-FTPd [privsep] [TLS] ----------", PassiveRange, " (pure-ftpd -p)"},
		{"Microsoft's", "Microsoft FTP Service", Announce, " (IIS External IP Address of Firewall)"},
		{"FileZilla's", "FileZilla Server 1.8.1", OwnPeer, " (FileZilla Server require matching peer IP address)"},
		{"Python's", "pyftpdlib 1.5.4 ready.", ClearData, " (pyftpdlib tls_data_required = False)"},
		{"an old one", "host FTP server (Version wu-2.6.2(1)) ready.", NoIdent, " (wu-ftpd -I)"},
		{"a sold one", "Serv-U FTP Server v15.1 ready...", PassiveRange, " (Serv-U PASV port range)"},
		{"a program that has none", "(vsFTPd 3.0.3)", NoIdent, ""},
		{"no program that is known", "Welcome to the archive", NoDNS, " (vsftpd reverse_lookup_enable=NO, ProFTPD UseReverseDNS off, pure-ftpd -H)"},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, x.want, For(&x.greeting, x.purpose))
		})
	}
	require.Equal(t, " (ProFTPD IdentLookups off)", For(nil, NoIdent), "no greeting")
}

// TestEveryPurpose has each purpose served by some program.
func TestEveryPurpose(t *testing.T) {
	for p := range purposes {
		require.True(t, strings.HasPrefix(For(nil, p), " ("), "purpose %d", p)
	}
}

// TestOnlyTheNamedProgram has each program's greeting bring its own settings alone, for all
// purposes.
func TestOnlyTheNamedProgram(t *testing.T) {
	for i := range programs {
		own := &programs[i]
		t.Run(own.name, func(t *testing.T) {
			require.Equal(t, strings.ToLower(own.greeting), own.greeting, "greetings are compared in lower case")
			for _, greeting := range []string{own.greeting, strings.ToUpper(own.greeting), "Welcome to " + own.greeting + " 1.0 at ftp.example.net"} {
				require.Same(t, own, named(&greeting))
				for p := range purposes {
					want := ""
					if own.of[p] != "" {
						want = " (" + own.name + " " + own.of[p] + ")"
					}
					require.Equal(t, want, For(&greeting, p))
				}
			}
		})
	}
}

// TestNoProgramNamed has the common programs told where a greeting hides its own, and where
// it only resembles one.
func TestNoProgramNamed(t *testing.T) {
	for _, greeting := range []string{"", "FTP server ready.", "ftpd 1.0", "vsftp", "pro ftpd", "Microsoft Windows", "FileZilla", strings.Repeat("x", 1<<16)} {
		for p := range purposes {
			got := For(&greeting, p)
			require.Equal(t, For(nil, p), got)
			for i := range programs {
				if !programs[i].common {
					require.NotContains(t, got, programs[i].name+" ", "only what many have is told unasked")
				}
			}
		}
	}
}

// TestProgramsApart has no program's greeting be part of another's, so that order is nothing.
func TestProgramsApart(t *testing.T) {
	for i := range programs {
		for j := range programs {
			require.True(t, i == j || !strings.Contains(programs[i].greeting, programs[j].greeting), "%s, %s", programs[i].name, programs[j].name)
		}
	}
}
