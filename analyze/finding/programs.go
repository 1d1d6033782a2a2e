package finding

import (
	"path"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var executableUpload = Rule{
	ID: "executable-upload", Severity: record.Info,
	Title:   "program uploaded",
	Meaning: "A file was uploaded that is by its name a program, a script or code that web servers run. Often that is what the server is for; it is also how a stolen password is used.",
	judge:   each(uploads),
}

// programs are what systems and web servers run.
var programs = set(".exe .dll .scr .com .bat .cmd .ps1 .vbs .vbe .jse .hta .msi .cpl .pif .elf .so .sh .pl .py .rb .cgi .fcgi .jar .war .apk .deb .rpm " +
	".php .php3 .php4 .php5 .php7 .phtml .phar .asp .aspx .ashx .asmx .asa .cer .jsp .jspx .jspf .cfm .cfc .shtml")

// runs are names that make a server run or show other files.
var runs = set(".htaccess web.config .user.ini authorized_keys crontab .bashrc .profile .bash_profile .rhosts")

func uploads(c *Case, t *record.Transfer) (verdict, bool) {
	if !t.OfFile() || t.Direction == nil || *t.Direction != record.Upload || !moved(t) {
		return verdict{}, false
	}
	name := strings.ToLower(fileName(t))
	if !runs[name] && !programs[path.Ext(strings.TrimRight(name, ". "))] {
		return verdict{}, false
	}
	return verdict{
		message: c.mover() + " uploaded " + nameOf(t) + ", by its name a program or code that a server runs" + c.packets(t.Frames.Command),
		frames:  []flow.Pos{t.Frames.Command, t.Frames.FirstData, t.Frames.Reply},
		advice:  "is that file meant to be there, and does a web server run what lies in that directory?",
	}, true
}

// moved reports whether the transfer carried something or ended well.
func moved(t *record.Transfer) bool {
	return t.Outcome == record.OK || t.Bytes != nil && *t.Bytes > 0
}

// mover names the client by its user.
func (c *Case) mover() string {
	if c.User == nil {
		return "the client " + c.Client.Addr().String()
	}
	return quote(*c.User) + " from " + c.Client.Addr().String()
}

var credentialFile = Rule{
	ID: "credential-file", Severity: record.Info,
	Title:   "file with credentials downloaded",
	Meaning: "A file was downloaded that by its name holds passwords or keys.",
	judge:   each(credentials),
}

var (
	secretNames = set("passwd shadow gshadow master.passwd htpasswd .htpasswd .netrc .pgpass .my.cnf .git-credentials id_rsa id_dsa id_ecdsa id_ed25519 " +
		"wp-config.php wp-config.php.bak .env credentials credentials.json secrets.yml secrets.yaml sam ntds.dit unattend.xml sitemanager.xml recentservers.xml filezilla.xml " +
		"config.inc.php localsettings.php .s3cfg .dockercfg kubeconfig krb5.keytab passwords.txt password.txt logins.json key4.db tomcat-users.xml")
	secretEnds = set(".kdbx .kdb .pfx .p12 .ppk .keytab .jks .keystore .ovpn")
)

func credentials(c *Case, t *record.Transfer) (verdict, bool) {
	if !t.OfFile() || t.Direction == nil || *t.Direction != record.Download || !moved(t) {
		return verdict{}, false
	}
	name := strings.ToLower(fileName(t))
	if !secretNames[name] && !secretEnds[path.Ext(name)] {
		return verdict{}, false
	}
	return verdict{
		message: c.mover() + " downloaded " + nameOf(t) + ", which by its name holds passwords or keys" + c.packets(t.Frames.Command),
		frames:  []flow.Pos{t.Frames.Command, t.Frames.FirstData, t.Frames.Reply},
		advice:  "is that file meant to be read by this user? If not, change what it holds, and move it out of reach",
	}, true
}
