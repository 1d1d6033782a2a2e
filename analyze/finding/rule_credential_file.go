package finding

import (
	"path"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var credentialFile = Rule{
	ID: "credential-file", Severity: record.Info,
	Title:   "file with credentials downloaded",
	Meaning: "A downloaded file holds passwords or keys, by its name.",
	judge:   each(credentials),
}

var (
	secretNames = set("passwd shadow gshadow master.passwd htpasswd .htpasswd .netrc .pgpass .my.cnf .git-credentials id_rsa id_dsa id_ecdsa id_ed25519 " +
		"wp-config.php wp-config.php.bak .env credentials credentials.json secrets.yml secrets.yaml sam ntds.dit unattend.xml sitemanager.xml recentservers.xml filezilla.xml " +
		"config.inc.php localsettings.php .s3cfg .dockercfg kubeconfig krb5.keytab passwords.txt password.txt logins.json key4.db tomcat-users.xml")
	secretEnds = set(".kdbx .kdb .pfx .p12 .ppk .keytab .jks .keystore .ovpn")
)

func credentials(c *Case, t *record.Transfer) (draft, bool) {
	if !t.OfFile() || t.Direction == nil || *t.Direction != record.Download || !moved(t) {
		return draft{}, false
	}
	name := strings.ToLower(t.FileName())
	if !secretNames[name] && !secretEnds[path.Ext(name)] {
		return draft{}, false
	}
	return draft{
		message: c.mover() + " downloaded " + nameOf(t) + ", which holds passwords or keys, by its name" + c.packets(t.Frames.Command),
		frames:  []flow.Pos{t.Frames.Command, t.Frames.FirstData, t.Frames.Reply},
		advice:  "should this user read that file? If not, change its passwords or keys, and move it away",
	}, true
}
