package ftp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

type guessCase struct {
	first string
	want  Guess
}

func checkGuesses(t *testing.T, guess func([]byte) Guess, cases []guessCase) {
	for _, tt := range cases {
		t.Run(tt.first, func(t *testing.T) {
			first := []byte(tt.first)
			require.Equal(t, tt.want.String(), guess(first).String())
			if tt.want != No { // each beginning of it must let it pass
				for n := range first {
					require.NotEqual(t, No, guess(first[:n]), "%q", first[:n])
				}
			}
			if tt.want == No {
				require.Zero(t, testing.AllocsPerRun(10, func() { guess(first) }))
			}
		})
	}
}

func TestGuessServer(t *testing.T) {
	checkGuesses(t, GuessServer, []guessCase{
		{"220 (vsFTPd 3.0.5)\r\n", Yes},
		{"220 ProFTPD Server (Debian) [::ffff:10.0.0.1]\r\n", Yes},
		{"220-FileZilla Server 1.7.0\r\n220-Please visit", Maybe},
		{"220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n", Yes},
		{"220 Microsoft FTP Service\r\n", Yes},
		{"220 ftp.example.com FTP server (Version 6.4/OpenBSD) ready.\r\n", Yes},
		{"220 smtp.example.com FTP server ready\r\n", Yes},
		{"220 Welcome to FTP.\r\n", Yes},
		{"220 ftp.example.com ready\r\n", Maybe},
		{"220 \r\n", Maybe},
		{"220-\r\n", Maybe},
		{"220\r\n", Maybe},
		{"120 Service ready in 5 minutes\r\n", Maybe},
		{"421 Too many users\r\n", Maybe},
		{"331 Please specify the password.\r\n", Maybe},
		{"230-Welcome\r\n", Maybe},
		{"226 Transfer complete\r\n", Maybe},
		{"227 Entering Passive Mode (1,2,3,4,5,6)\r\n", Yes},
		{"220 (vsFTPd 3", Yes},
		{"220 ftp", Maybe},
		{"229 OK (|||6446|)\r\n", Yes},
		{"227 Logout.\r\n", Maybe},
		{"", Maybe},
		{"2", Maybe},
		{"22", Maybe},

		{"220 mail.example.com ESMTP Postfix (Debian)\r\n", No},
		{"220 mx ESMTP Exim 4.96\r\n", No},
		{"220 ftp.example.com ESMTP\r\n", No},
		{"220 SMTP\r\n", No},
		{"220-host LMTP server ready\r\n", No},
		{"421 host SMTP busy\r\n", No},
		{"200 news.example.com InterNetNews NNRP server INN 2.7 ready (posting ok)\r\n", No},
		{"200 NNTP Service Ready\r\n", No},
		{"201 news ready (no posting)\r\n", No},
		{"354 End data\r\n", No},
		{"+OK POP3 ready\r\n", No},
		{"* OK IMAP4rev1 ready\r\n", No},
		{":irc.example.com NOTICE * :hello\r\n", No},
		{"HTTP/1.1 200 OK\r\n", No},
		{"SSH-2.0-OpenSSH_9.6\r\n", No},
		{"RFB 003.008\n", No},
		{"\x16\x03\x03\x00\x5a\x02", No},
		{"\x00\x00\x00", No},
		{"2200 bytes\r\n", No},
		{"22x", No},
		{"220.5", No},
		{"999 x\r\n", No},
		{"123 x\r\n", No},
	})
}

func TestGuessClient(t *testing.T) {
	checkGuesses(t, GuessClient, []guessCase{
		{"USER anonymous\r\n", Maybe},
		{"user bob\n", Maybe},
		{"USER bob smith\r\n", Maybe},
		{"PASS secret\r\n", Maybe},
		{"AUTH TLS\r\n", Yes},
		{"auth ssl\r\n", Yes},
		{"AUTH PLAIN\r\n", Maybe},
		{"AUTH GSSAPI\r\n", Maybe},
		{"FEAT\r\n", Yes},
		{"SYST\r\n", Yes},
		{"PASV\r\n", Yes},
		{"EPSV ALL\r\n", Yes},
		{"EPSV 2\r\n", Yes},
		{"TYPE I\r\n", Yes},
		{"TYPE L 8\r\n", Yes},
		{"type Framer struct {\n", Maybe},
		{"PORT 10,0,0,1,4,5\r\n", Yes},
		{"port of entry\n", Maybe},
		{"EPRT |1|10.0.0.1|80|\r\n", Yes},
		{"LPRT 4,4,10,0,0,1,2,4,5\r\n", Yes},
		{"RETR a.txt\r\n", Maybe},
		{"STOR a.txt\r\n", Maybe},
		{"CWD pub\r\n", Maybe},
		{"MODE S\r\n", Maybe},
		{"QUIT\r\n", Maybe},
		{"HOST ftp.example.com\r\n", Maybe},
		{"OPTS UTF8 ON\r\n", Yes},
		{"\xff\xf4\xff\xf2ABOR\r\n", Maybe},
		{"", Maybe},
		{"P", Maybe},
		{"re", Maybe},
		{"PASV", Maybe},
		{"XSHA256 a\r\n", Maybe},

		{"GET / HTTP/1.1\r\n", No},
		{"POST /x HTTP/1.1\r\n", No},
		{"OPTIONS * HTTP/1.1\r\n", No},
		{"EHLO mail.example.com\r\n", No},
		{"HELO mail.example.com\r\n", No},
		{"MAIL FROM:<a@example.com>\r\n", No},
		{"RCPT TO:<a@example.com>\r\n", No},
		{"NICK bob\r\n", No},
		{"USER bob 0 * :Bob Smith\r\n", No},
		{"USER a b c :d\r\n", No},
		{"CAPA\r\n", No},
		{"UIDL\r\n", No},
		{"TOP 1 0\r\n", No},
		{"MODE READER\r\n", No},
		{"MODE #ftp +o bob\r\n", No},
		{"GROUP alt.test\r\n", No},
		{"a001 LOGIN bob secret\r\n", No},
		{"SSH-2.0-OpenSSH_9.6\r\n", No},
		{"DELETE a\r\n", No},
		{"RETRIEVE a\r\n", No},
		{"RET a\r\n", No},
		{"G", No},
		{"\x16\x03\x01\x02\x00\x01", No},
		{"\xff\xd8\xff\xe0", No},
		{"\x00", No},
		{"{\"a\":1}", No},
		{" USER bob\r\n", No},
	})
}

func BenchmarkGuess(b *testing.B) {
	for name, first := range map[string]string{
		"http": "GET /index.html HTTP/1.1\r\nHost: example.com\r\n", "tls": "\x16\x03\x01\x02\x00\x01\x00",
		"ssh": "SSH-2.0-OpenSSH_9.6\r\n", "json": "{\"a\":1}", "ftp": "USER anonymous\r\n", "digits": "2024-01-01 12:00:00",
	} {
		b.Run("in="+name, func(b *testing.B) {
			in := []byte(first)
			for b.Loop() {
				GuessClient(in)
				GuessServer(in)
			}
		})
	}
}
