package verdict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
)

// Wordings of servers: what a reply means by its code and its words, at the place in the
// session where it comes. A row is the place, the reply and the session's verdict; "\n" parts
// the lines of a reply. Places: greet, user, pass, auth, cmd=COMMAND; pasv, epsv, port, eprt;
// and transfers: retr, stor, list over a data connection that is open (with 150: after the 150
// and, of files, 9,000 bytes), retr0 and stor0 without one, active after a PORT, none without
// an offer; =NAME is the file's.

const greetings = `
greet | 421 There are too many connected users, please try later. | server-busy server certain
greet | 421 There are too many connections from your internet address. | server-busy server certain
greet | 421 Too many users are connected, please try again later. | server-busy server certain
greet | 421 Too many connections (8) from this IP | server-busy server certain
greet | 421 8 users (the maximum) are already logged in, sorry | server-busy server certain
greet | 421 Maximum number of connections exceeded | server-busy server certain
greet | 421 Terminating connection, server full | server-busy server certain
greet | 421 Maximum session count reached, please try later | server-busy server certain
greet | 530 Sorry, the maximum number of clients (10) from your host are already connected. | server-busy server certain
greet | 500 Sorry, no more connections allowed | server-busy server certain
greet | 421 Service not available. | server-closed server certain
greet | 421 Service not available, closing control connection. | server-closed server certain
greet | 421 Server is locked, please try again later. | server-busy server certain
greet | 550 No connections allowed from your IP | login-rejected client certain
greet | 421 Connection limit from one IP is reached | server-busy server certain
greet | 421 EZYFT47I Service not available, closing control connection | server-closed server certain
greet | 421 Temporarily banned for too many failed login attempts | server-closed server certain
greet | 421 Sorry, your IP address is banned | server-closed server certain
greet | 530 Connection refused, unknown IP address. | login-rejected client certain
greet | 421 Connection refused by IP filter | server-closed server certain
greet | 500 OOPS: vsftpd: refusing to run with writable root inside chroot() | server-error server certain
greet | 500 OOPS: config file not owned by correct user, or not a file | server-error server certain
greet | 500 OOPS: could not bind listening IPv4 socket | server-error server certain
greet | 500 OOPS: unrecognised variable in config file: foo | server-error server certain
greet | 500 OOPS: cap_set_proc | server-error server certain
greet | 500 OOPS: bad bool value in config file for: anonymous_enable | server-error server certain
greet | 500 OOPS: SSL: cannot load RSA certificate | server-error server certain
greet | 421 Unable to accept connection, out of memory | server-error server certain
greet | 421 Service momentarily unavailable, server load is too high | server-busy server certain
greet | 120 Service ready in 5 minutes | no-greeting server likely
greet | 421 Zu viele Benutzer angemeldet. | server-closed server certain
greet | 421 Слишком много подключений. | server-closed server certain
`

const logins = `
pass | 530 Login incorrect. | login-rejected client certain
pass | 530 Login authentication failed | login-rejected client certain
pass | 530 User cannot log in. | login-rejected client certain
pass | 530 Not logged in. | login-rejected client certain
pass | 530 Not logged in, user or password incorrect! | login-rejected client certain
pass | 530 Login or password incorrect! | login-rejected client certain
pass | 530-User cannot log in.\n Win32 error:   The user name or password is incorrect. \n Error details: An error occurred during the authentication process.\n530 End | login-rejected client certain
pass | 530-User cannot log in, home directory inaccessible.\n Win32 error:   The system cannot find the file specified. \n530 End | login-rejected client certain
pass | 530 User bob cannot log in, password expired | login-rejected client certain
pass | 530 Account expired | login-rejected client certain
pass | 530 Account is disabled | login-rejected client certain
pass | 530 This account has been locked out | login-rejected client certain
pass | 530 Permission denied. | login-rejected client certain
pass | 530 This FTP server is anonymous only. | login-rejected client certain
pass | 530 Sorry, no ANONYMOUS access allowed. | login-rejected client certain
pass | 530 This is a private system - No anonymous login | login-rejected client certain
pass | 530 User anonymous unknown. | login-rejected client certain
pass | 530 PASS command failed - __passwd() error : EDC5168I Password has expired. | login-rejected client certain
pass | 530 PASS command failed - __passwd() error : EDC5111I Permission denied. | login-rejected client certain
pass | 530 Log on attempt by user BOB rejected. | login-rejected client certain
pass | 530 Access denied. | login-rejected client certain
pass | 530 Valid hostname is expected. | login-rejected client certain
pass | 430 Invalid username or password | login-rejected client certain
pass | 532 Need account for storing files. | login-rejected client certain
pass | 535 Failed security check | login-rejected client certain
pass | 550 Access is denied. | login-rejected client certain
pass | 501 Login failed | login-rejected client certain
pass | 503 Login with USER first. | login-rejected client certain
pass | 421 Too many wrong passwords. Closing connection. | login-rejected client certain
pass | 421 Maximum login attempts exceeded | login-rejected client certain
pass | 421 Login incorrect. | login-rejected client certain
pass | 421 Login timeout (300 seconds): closing control connection | server-closed server certain
pass | 421 Timeout. | server-closed server certain
pass | 530 Too many users logged in for this account. Try again later. | server-busy server certain
pass | 421 Sorry, you have too many connections open for this user. | server-busy server certain
pass | 530 Sorry, the maximum number of clients (5) for this user are already connected. | server-busy server certain
pass | 530 Only 2 connections are allowed per user | login-rejected client certain
pass | 530 User limit reached | server-busy server certain
pass | 421 Home directory not available - aborting | server-error server certain
pass | 421 Can't change directory to /home/bob/ [/] | server-error server certain
pass | 421 Unable to switch capabilities : Operation not permitted | server-error server certain
pass | 530 Login incorrect. Home directory not available | login-rejected client certain
pass | 500 OOPS: cannot change directory:/home/bob | server-error server certain
pass | 500 OOPS: priv_sock_get_cmd | server-error server certain
pass | 500 OOPS: child died | server-error server certain
pass | 451 Requested action aborted: local error in processing | server-error server certain
pass | 530 Non-anonymous sessions must use encryption. | tls-required client certain
pass | 530 SSL/TLS required on the control channel | tls-required client certain
pass | 534 Policy requires SSL. | tls-required client certain
pass | 534-Policy requires SSL.\n Win32 error:   Access is denied. \n Error details: SSL policy requires SSL for control channel.\n534 End | tls-required client certain
pass | 534 Requested protection level not supported | tls-required client open login-rejected
pass | 530 This server does not allow plain FTP. You have to use FTP over TLS. | tls-required client certain
user | 530 This server does not allow plain FTP. You have to use FTP over TLS. | tls-required client certain
user | 503 Use AUTH first. | tls-required client certain
user | 550 SSL/TLS required on the control channel | tls-required client certain
user | 421 Sorry, cleartext sessions are not accepted on this server. | tls-required client certain
user | 530 Must perform authentication before identifying USER. | login-rejected client certain
user | 533 All data connections must be encrypted | tls-required client certain
user | 534 Secure session required | tls-required client certain
user | 522 SSL/TLS required | tls-required client certain
user | 530 TLS/SSL is required to login | tls-required client certain
user | 530 Explicit FTP over TLS required | tls-required client certain
user | 431 Need secure connection | tls-required client certain
user | 530 Client must be authenticated by certificate | login-rejected client certain
user | 530 Sorry, secure connections only | tls-required client certain
user | 530 User bob access denied. | login-rejected client certain
user | 530 Sorry, there are too many anonymous FTP users using the system at this time. | server-busy server certain
user | 530 Can't set guest privileges. | login-rejected client certain
user | 530 Anonymous access is not allowed | login-rejected client certain
user | 530 FTP LOGIN REFUSED | login-rejected client certain
user | 421 Service not available, remote server has closed connection | server-closed server certain
user | 530 Sorry, your account may not log in with TLS | login-rejected client certain
user | 530 Anonymous sessions may not use encryption. | login-rejected client certain
user | 504 Security mechanism not supported | login-rejected client certain
pass | 530 Benutzer kann sich nicht anmelden. | login-rejected client certain
pass | 530-Benutzer kann sich nicht anmelden.\n Win32-Fehler:   Der Benutzername oder das Kennwort ist falsch. \n530 Ende | login-rejected client certain
pass | 530 L'utilisateur ne peut pas ouvrir de session. | login-rejected client certain
pass | 530 Пользователь не может войти в систему. | login-rejected client certain
pass | 530 用户无法登录。 | login-rejected client certain
pass | 534 策略要求使用 SSL。 | tls-required client certain
user | 534 Für die Richtlinie ist SSL erforderlich. | tls-required client certain
user | 534 La stratégie requiert SSL. | tls-required client certain
user | 534 Политика требует SSL. | tls-required client certain
auth | 500 AUTH not understood | tls-refused server certain
auth | 530 Please login with USER and PASS. | tls-refused server certain
auth | 502 Command not implemented. | tls-refused server certain
auth | 504 Unknown security mechanism | tls-refused server certain
auth | 431 Failed to setup secure session. | tls-refused server certain
auth | 431 Need some unavailable resource to process security | tls-refused server certain
auth | 534 Request denied for policy reasons | tls-refused server certain
auth | 500 This security scheme is not implemented | tls-refused server certain
auth | 454 TLS temporarily unavailable | tls-refused server certain
auth | 421 Service not available | server-closed server certain
auth | 503 Already logged in | tls-refused server certain
`

const offers = `
port | 501 Der Server kann das Argument nicht annehmen. | mode-rejected server certain
pasv | 502 Befehl nicht implementiert. | mode-rejected server certain
pasv | 425 Can't open passive connection: Address already in use | ports-exhausted server certain
pasv | 425 No free ports available | ports-exhausted server certain
pasv | 421 Could not create socket. | server-closed server certain
pasv | 425 Cannot open passive connection | mode-rejected server certain
pasv | 500 OOPS: vsf_sysutil_bind | ports-exhausted server certain
pasv | 500 OOPS: invalid pasv_address | server-error server certain
pasv | 550 Permission denied. | mode-rejected server certain
pasv | 502 Command not implemented. | mode-rejected server certain
pasv | 500 'PASV': command not understood | mode-rejected server certain
pasv | 530 Please login with USER and PASS. | mode-rejected server certain
pasv | 501 You cannot use PASV over an IPv6 connection | address-family server certain
pasv | 425 You cannot use PASV on IPv6 connections. Use EPSV instead. | address-family server certain
pasv | 451 Requested action aborted: local error | mode-rejected server certain
pasv | 421 Service not available, closing control connection | server-closed server certain
pasv | 522 SSL/TLS required on the data channel | data-unprotected client certain
pasv | 521 PROT P required | data-unprotected client certain
pasv | 503 Bad sequence of commands | mode-rejected server certain
pasv | 510 No available port. | ports-exhausted server certain
pasv | 425 Possible PASV port theft, cannot open data connection. | mode-rejected server certain
epsv | 500 Unknown command. | mode-rejected server certain
epsv | 500 EPSV not understood | mode-rejected server certain
epsv | 522 Network protocol not supported, use (1) | address-family server certain
epsv | 522 Protocol not supported | address-family server certain
epsv | 500 Illegal EPSV command. | mode-rejected server certain
epsv | 501 Syntax error in parameters | mode-rejected server certain
port | 500 Illegal PORT command. | mode-rejected server certain
port | 501 Illegal PORT command | mode-rejected server certain
port | 500 I won't open a connection to 192.168.1.5 (only to 198.51.100.10) | mode-rejected server certain
port | 501 Server cannot accept argument. | mode-rejected server certain
port | 502 Active mode is disabled | mode-rejected server certain
port | 504 Only client IP address allowed for PORT command | mode-rejected server certain
port | 550 Permission denied. | mode-rejected server certain
port | 421 Rejected data connection to foreign address | server-closed server certain
port | 503 You cannot use PORT after EPSV ALL | mode-rejected server certain
port | 520 PORT not allowed, use PASV | mode-rejected server certain
port | 425 Can't open data connection | mode-rejected server certain
eprt | 522 Network protocol not supported, use (1,2) | address-family client certain
eprt | 500 Unknown command | mode-rejected server certain
eprt | 501 Illegal EPRT command. | mode-rejected server certain
`

const commands = `
cmd=MKD x | 550 Zugriff verweigert | command-denied server certain
cmd=CWD /policy/must/ssl | 550 /policy/must/ssl: No such file or directory | command-denied server certain
cmd=MKD chroot | 550 chroot: Permission denied | command-denied server certain
cmd=MKD x | 550 Can't create directory: No space left on device | command-denied server certain
cmd=MKD x | 550 Create directory operation failed. | command-denied server certain
cmd=MKD x | 521 "/x" directory exists | command-denied server certain
cmd=MKD x | 550 x: File exists | command-denied server certain
cmd=MKD x | 452 x: Disk quota exceeded | command-denied server certain
cmd=DELE x | 450 x: Device or resource busy | command-denied server certain
cmd=RNFR x | 550 RNFR command failed. | command-denied server certain
cmd=RNFR x\nS: 350 Ready for RNTO.\nC: RNTO y | 553 y: Cannot rename, file exists | command-denied server certain
cmd=RMD x | 550 The directory is not empty. | command-denied server certain
cmd=CWD /up | 550 Failed to change directory. | command-denied server certain
cmd=CWD /up | 431 /up: no such directory | command-denied server certain
cmd=CWD /up | 550 Access is denied. | command-denied server certain
cmd=XYZZY | 500 Unknown command. | command-denied server certain
cmd=PWD | 550 Access denied | command-denied server certain
cmd=SIZE x | 550 Could not get file size. | none none certain
cmd=OPTS UTF8 ON | 501 Option not understood. | none none certain
cmd=FEAT | 500 Unknown command | none none certain
cmd=CLNT x | 500 Unknown command | none none certain
cmd=MDTM x | 550 not found | none none certain
cmd=SYST | 502 Not implemented | none none certain
cmd=NOOP | 500 Unknown | none none certain
cmd=ALLO 5000 | 502 Not implemented | none none certain
cmd=MLST x | 500 unknown | none none certain
cmd=EPSV ALL | 500 unknown | none none certain
cmd=TYPE I | 504 not supported | none none certain
cmd=CWD x | 421 Maximum session time exceeded - closing. | server-closed server certain
cmd=CWD x | 421 Session Timeout (3600 seconds): closing control connection | server-closed server certain
cmd=CWD x | 421 No transfer timeout (300 seconds): closing control connection | server-closed server certain
cmd=CWD x | 421 Timeout (no operation for 1800 seconds) | server-closed server certain
cmd=CWD x | 421 You have been inactive for too long | server-closed server certain
cmd=CWD x | 421 Idle timeout (600 seconds): closing control connection | server-closed server certain
`

const transfers = `
retr0 | 550 Das System kann die angegebene Datei nicht finden. | file-denied server certain
retr0 | 550 Zugriff verweigert | file-denied server certain
stor | 550 Accès refusé. | file-denied server certain
stor | 550 Отказано в доступе. | file-denied server certain
stor | 550 拒绝访问。 | file-denied server certain
stor150 | 552 Espace insuffisant sur le disque. | storage-full server certain
stor150 | 550 Es steht nicht genug Speicherplatz auf dem Datenträger zur Verfügung. | file-denied server likely
stor150 | 550 There is not enough space on the disk. | storage-full server certain
stor | 452 Недостаточно места на диске. | storage-full server certain
retr0 | 425 Datenverbindung kann nicht geöffnet werden. | data-never-tried client open data-blocked not-captured
retr150 | 426 Verbindung geschlossen; Übertragung abgebrochen. | data-cut server likely
retr0=quota.txt | 550 quota.txt: No such file or directory | file-denied server certain
retr0=/www/quota/report.csv | 550 /www/quota/report.csv: Permission denied | file-denied server certain
retr0=tls-only.txt | 550 tls-only.txt: No such file or directory | file-denied server certain
retr0=must use tls.txt | 550 must use tls.txt: No such file or directory | file-denied server certain
retr0=chroot.log | 550 Can't open chroot.log: No such file or directory | file-denied server certain
retr0=fork.c | 550 fork.c: The system cannot find the file specified. | file-denied server certain
retr0=ipv6-plan.xls | 550 File "/ipv6-plan.xls" not found | file-denied server certain
retr0=too many users.doc | 550 too many users.doc: The system cannot find the file specified. | file-denied server certain
retr0=no space.txt | 550 /home/bob/no space.txt: not a plain file. | file-denied server certain
retr0=use port.txt | 550 use port.txt: not found | file-denied server certain
retr0=timeout.log | 550 Could not open timeout.log | file-denied server certain
retr0=connection refused.log | 550 connection refused.log: No such file | file-denied server certain
retr0=bad ip.csv | 550 bad ip.csv: No such file | file-denied server certain
retr0=session resume.pdf | 550 session resume.pdf: No such file | file-denied server certain
stor=resume ssl session.doc | 553 Could not create file resume ssl session.doc. | file-denied server certain
stor=maximum users.xls | 553 maximum users.xls: Permission denied on server. (Upload) | file-denied server certain
retr0 | 550 Failed to open file. | file-denied server certain
retr0 | 550 The system cannot find the file specified. | file-denied server certain
retr0 | 550 The process cannot access the file because it is being used by another process. | file-denied server certain
retr0 | 450 a.bin: file busy | file-denied server certain
retr0 | 450 File unavailable (e.g., file busy). | file-denied server certain
retr0 | 450 can't access file. | file-denied server certain
retr0 | 550 a.bin: Not a regular file | file-denied server certain
retr0 | 551 Requested action aborted: page type unknown. | file-denied server certain
retr0 | 554 Requested action not taken: invalid REST parameter. | file-denied server certain
retr0 | 501 No file name | file-denied server certain
retr0 | 550 Permission denied. | file-denied server certain
retr0 | 550 Download disabled | file-denied server certain
retr0 | 550 a.bin: Operation not permitted | file-denied server certain
retr0 | 550 a.bin: Forbidden filename | file-denied server certain
retr0 | 451 Rename failed: file exists | file-denied server certain
stor | 553 Could not create file. | file-denied server certain
stor | 553 Can't open that file: Permission denied | file-denied server certain
stor | 553 Permission denied on server. (Upload) | file-denied server certain
stor | 553 Requested action not taken. File name not allowed. | file-denied server certain
stor | 550 Access is denied. | file-denied server certain
stor | 532 Need account for storing files. | file-denied server certain
stor | 550 The filename, directory name, or volume label syntax is incorrect. | file-denied server certain
stor | 550 a.bin: Read-only file system | file-denied server certain
stor | 501 Invalid file name | file-denied server certain
stor | 504 Command not implemented for that parameter | command-denied server certain
stor | 502 Command not implemented. | command-denied server certain
stor | 500 'STOR': command not understood | command-denied server certain
stor | 553 Prohibited file name: a.bin | file-denied server certain
stor | 550 STOR denied by policy | file-denied server certain
stor | 451 Uniquely named file could not be created | file-denied server certain
stor | 451 a.bin: Append/Restart not permitted, try again | file-denied server certain
list | 550 No files found. | file-denied server certain
list | 450 No files found | file-denied server certain
list | 500 Unknown command. | command-denied server certain
stor150 | 552 Disk full - please upload later | storage-full server certain
stor150 | 452 a.bin: No space left on device | storage-full server certain
stor150 | 552 Transfer aborted. Disc quota exceeded | storage-full server certain
stor150 | 552 Quota exceeded: [a.bin] won't be saved | storage-full server certain
stor150 | 452 Insufficient storage space in system. | storage-full server certain
stor150 | 451 Failure writing to local file. | server-error server likely
stor150 | 451 Transfer aborted: No space left on device | storage-full server certain
stor150 | 426 Failure writing local file: disk full | storage-full server certain
stor150 | 550 Not enough disk quota available | storage-full server certain
stor | 550 Quota exceeded | storage-full server certain
stor | 553 Disk quota exceeded | storage-full server certain
stor | 552 Requested file action aborted. Exceeded storage allocation. | storage-full server certain
stor | 450 Not enough free space | storage-full server certain
stor150 | 451-System completion code is B37\n451 Transfer aborted due to file error | server-error server likely
list | 425 Security: Bad IP connecting. | data-wrong-peer nat likely
list | 425 Use PORT or PASV first. | data-cut server likely
none | 425 Use PORT or PASV first. | no-negotiation client certain
none | 503 Bad sequence of commands. Use PORT or PASV first | no-negotiation client certain
none | 425 Unable to build data connection: Connection refused | no-negotiation client certain
none | 503 Bad sequence of commands. | no-negotiation client likely command-denied
none | 451 PORT or PASV command must be issued first | no-negotiation client certain
none | 425 No data connection | no-negotiation client certain
list150 | 425 Unable to build data connection: Operation not permitted | data-cut server likely
list150 | 425 Unable to build data connection: TLS session of data connection not resumed. | data-tls-failed client certain
list | 450 TLS session of data connection has not resumed or the session does not match the control connection | data-tls-failed client certain
list150 | 522 SSL connection failed; session reuse required: see require_ssl_reuse option in vsftpd.conf man page | data-tls-failed client certain
list150 | 425 Cannot secure data connection - TLS session resumption required. | data-tls-failed client certain
list150 | 425 Failed TLS negotiation on data channel, disconnected | data-tls-failed client likely
list150 | 426 SSL connection failed | data-tls-failed client likely
list150 | 435 Failed TLS negotiation on data channel, disconnected: No such file or directory | data-tls-failed client likely
list | 522 SSL/TLS required on the data channel | data-unprotected client certain
list | 521 Data connection cannot be opened with this PROT setting | data-unprotected client certain
list | 521 PROT P required | data-unprotected client certain
list | 534-Policy requires SSL.\n Win32 error:   Access is denied. \n Error details: SSL policy requires SSL for data channel.\n534 End | data-unprotected client certain
list | 521 Data connections must be encrypted. | data-unprotected client certain
list | 536 Requested PROT level not supported by mechanism. | data-unprotected client certain
list | 533 Command protection level denied for policy reasons. | data-unprotected client certain
list | 550 SSL/TLS required on the data channel | data-unprotected client certain
active | 425 Can't build data connection: Connection refused. | data-refused client likely
active | 425 Unable to build data connection: Connection timed out | data-blocked firewall likely data-never-tried
active | 425 Can't build data connection: No route to host. | data-unreachable path likely
active | 425 Could not open data connection to port 50000: Connection refused | data-refused client likely
active | 425 Can't build data connection: illegal port number | data-never-tried server open data-blocked not-captured
active | 425 Unable to build data connection: Address already in use | data-never-tried server open data-blocked not-captured
active | 425 Can't create data socket (203.0.113.21,20): Permission denied. | data-never-tried server open data-blocked not-captured
active | 500 OOPS: vsf_sysutil_bind | server-error server certain
active | 500 OOPS: vsf_sysutil_connect | server-error server certain
active150 | 425 Can't open data connection. | data-never-tried server open data-blocked not-captured
active150 | 426 Connection closed; transfer aborted. | data-never-tried server open data-blocked not-captured
active150 | 425 Cannot open data connection for transfer of "/" | data-never-tried server open data-blocked not-captured
retr150 | 426 Failure writing network stream. | data-cut server likely
retr150 | 426 Transfer aborted. Data connection closed | data-cut server likely
retr150 | 426 Connection closed; transfer aborted. | data-cut server likely
retr150 | 451 Failure reading local file. | server-error server likely
retr150 | 451 a.bin: Input/output error | server-error server likely
retr150 | 550 The specified network name is no longer available. | data-cut server likely
retr150 | 421 Kicked by Administrator | data-cut server likely
retr150 | 421 Service not available, server shutting down | data-cut server likely
retr150 | 450 Error during read from data connection | data-cut server likely
retr150 | 551 Data transfer failed | file-denied server likely
retr0 | 421 There are too many connections from your internet address. | server-busy server certain
retr0 | 450 The load was 12.1 when you connected. We do not allow downloads by anonymous users when the load is that high. | server-busy server certain
retr0 | 530 Please login with USER and PASS. | file-denied server certain
retr0 | 550 You have exceeded your download limit | file-denied server certain
retr0 | 426 Transfer aborted: bandwidth quota exceeded | storage-full server certain
retr0 | 552 Download quota exceeded | storage-full server certain
stor0 | 425 Cannot open data connection. | data-never-tried client open data-blocked not-captured
`

// spoken is the conversation in which a server says a reply at a place.
func spoken(place, reply string) string {
	const (
		beginning = ends + "S: 220 ready\n"
		named     = beginning + "C: USER bob\nS: 331 Password required\n"
		loggedIn  = named + "C: PASS x\nS: 230 User logged in.\n"
		data      = "data d1 198.51.100.10:40001 > 203.0.113.21:50000\n"
		port      = "C: PORT 198,51,100,10,195,80\n"
	)
	place, arg, _ := strings.Cut(place, "=")
	if arg == "" {
		arg = "a.bin"
	}
	said := "S: " + strings.ReplaceAll(reply, `\n`, "\nS: ") + "\n"
	carried, place, ran := "", place, place
	if rest, ok := strings.CutSuffix(place, "150"); ok {
		ran, said = rest, "S: 150 Opening.\n@"+said
		carried = map[string]string{"retr": "d1< 9000\n", "stor": "d1> 9000\n"}[rest]
	}
	said = strings.Replace(said, "@", carried, 1)
	transfer := "C: " + strings.ToUpper(strings.TrimSuffix(ran, "0")) + " " + arg + "\n" + said
	switch ran {
	case "greet":
		return ends + said + "close S\n"
	case "user":
		return beginning + "C: USER bob\n" + said + quit
	case "pass":
		return named + "C: PASS x\n" + said + quit
	case "auth":
		return beginning + "C: AUTH TLS\n" + said + quit
	case "cmd":
		return loggedIn + "C: " + strings.ReplaceAll(arg, `\n`, "\n") + "\n" + said + quit
	case "pasv", "epsv":
		return loggedIn + "C: " + strings.ToUpper(ran) + "\n" + said + quit
	case "port":
		return loggedIn + port + said + quit
	case "eprt":
		return loggedIn + "C: EPRT |1|198.51.100.10|50000|\n" + said + quit
	case "none":
		return loggedIn + "C: LIST\n" + said + quit
	case "active":
		return loggedIn + port + "S: 200 PORT command successful.\nC: LIST\n" + said + quit
	case "list":
		return loggedIn + offered + data + "C: LIST\n" + said + "d1 close <" + quit
	case "retr0", "stor0":
		return loggedIn + offered + transfer + quit
	}
	return loggedIn + offered + data + transfer + "d1 close <" + quit
}

func TestWordings(t *testing.T) {
	for _, group := range []string{greetings, logins, offers, commands, transfers} {
		for row := range strings.Lines(group) {
			f := strings.Split(strings.TrimSpace(row), " | ")
			if len(f) != 3 {
				continue
			}
			script := strings.Replace(spoken(f[0], f[1]), "ttl S 52", "ttl S 64", 1)
			r := analyzed(t, capturetest.MustFrames(t, script))
			require.Len(t, r.sessions, 1, row)
			v := r.sessions[0].Verdict
			require.Equal(t, f[2], short(v), "%s%s", row, v.Text)
			sound(t, r.sessions[0], v)
		}
	}
}
