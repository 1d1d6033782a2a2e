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
