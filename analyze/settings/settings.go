// Package settings names the settings of FTP servers that advice is about: those of the
// program that a greeting names. Packages finding and verdict put them into sentences.
package settings

import "strings"

// Purpose is what a setting is for.
type Purpose uint8

// Purposes.
const (
	Announce      Purpose = iota // the address that 227 names
	PassiveRange                 // the ports that 227 and 229 name
	OneAddress                   // one address for control and data connections
	FromPort20                   // active data connections from port 20
	OwnPeer                      // data connections to and from the control connection's peer alone
	ForeignPeer                  // and the other way round
	Modes                        // active and passive mode are permitted
	TLS                          // AUTH TLS is had
	ClearLogin                   // logins without TLS are taken
	ClearData                    // data without TLS are taken
	ProtectedData                // and are not
	NoResumption                 // TLS on data connections need not resume
	MoreClients                  // how many clients, in all and of one host
	Write                        // uploads are permitted
	NoIdent                      // the client's ident is not asked
	NoDNS                        // its name is not looked up
	NoAnonymous                  // no anonymous logins
	SlowGuessing                 // password guessing is slowed down
	OwnDirectory                 // users stay in their directory
	NoChmod                      // no SITE CHMOD
	NoSiteCopy                   // no SITE CPFR, CPTO
	purposes
)

// program is a server's program, by what its greeting says, in lower case.
type program struct {
	greeting, name string
	common         bool // told where the greeting names none
	of             [purposes]string
}

var programs = []program{
	{"vsftpd", "vsftpd", true, [purposes]string{
		Announce: "pasv_address", PassiveRange: "pasv_min_port and pasv_max_port", OneAddress: "listen_address",
		FromPort20: "connect_from_port_20", OwnPeer: "pasv_promiscuous=NO and port_promiscuous=NO", ForeignPeer: "pasv_promiscuous",
		Modes: "pasv_enable and port_enable", TLS: "ssl_enable=YES", ClearLogin: "force_local_logins_ssl=NO",
		ClearData: "force_local_data_ssl=NO", ProtectedData: "force_local_data_ssl=YES", NoResumption: "require_ssl_reuse=NO",
		MoreClients: "max_clients and max_per_ip", Write: "write_enable", NoDNS: "reverse_lookup_enable=NO",
		NoAnonymous: "anonymous_enable=NO", SlowGuessing: "max_login_fails", OwnDirectory: "chroot_local_user", NoChmod: "chmod_enable=NO",
	}},
	{"proftpd", "ProFTPD", true, [purposes]string{
		Announce: "MasqueradeAddress", PassiveRange: "PassivePorts", OneAddress: "SocketBindTight or DefaultAddress",
		FromPort20: "RootRevoke", OwnPeer: "AllowForeignAddress off", ForeignPeer: "AllowForeignAddress",
		Modes: "<Limit EPSV PASV EPRT PORT>", TLS: "TLSEngine on", ClearLogin: "TLSRequired off", ClearData: "TLSRequired",
		ProtectedData: "TLSRequired on", NoResumption: "TLSOptions NoSessionReuseRequired", MoreClients: "MaxClients and MaxClientsPerHost",
		Write: "<Limit STOR>", NoIdent: "IdentLookups off", NoDNS: "UseReverseDNS off", NoAnonymous: "without <Anonymous>",
		SlowGuessing: "mod_ban", OwnDirectory: "DefaultRoot ~", NoChmod: "<Limit SITE_CHMOD>", NoSiteCopy: "without mod_copy, or <Limit SITE_COPY>",
	}},
	{"pure-ftpd", "pure-ftpd", true, [purposes]string{
		Announce: "-P", PassiveRange: "-p", OneAddress: "-S", OwnPeer: "without -w", ForeignPeer: "-w", TLS: "--tls=1", ClearLogin: "--tls=1",
		ClearData: "--tls=2", ProtectedData: "--tls=3", MoreClients: "-c and -C", NoDNS: "-H", NoAnonymous: "-E", OwnDirectory: "-A", NoChmod: "-R",
	}},
	{"microsoft ftp", "IIS", true, [purposes]string{
		Announce: "External IP Address of Firewall", PassiveRange: "Data Channel Port Range", TLS: "FTP SSL Settings",
		ClearLogin: "FTP SSL Settings: Allow", ClearData: "FTP SSL Settings", ProtectedData: "FTP SSL Settings: Require", MoreClients: "Max Connections",
		Write: "FTP Authorization Rules: Write", NoAnonymous: "FTP Authentication: Anonymous disabled", SlowGuessing: "FTP Logon Attempt Restrictions",
		OwnDirectory: "FTP User Isolation",
	}},
	{"filezilla server", "FileZilla Server", false, [purposes]string{
		Announce: "passive mode: public IP", PassiveRange: "passive mode: custom port range", TLS: "FTP over TLS", ClearLogin: "explicit FTP over TLS and insecure plain FTP",
		OwnPeer: "require matching peer IP address", ForeignPeer: "require matching peer IP address", Write: "mount point's access mode",
		SlowGuessing: "autoban",
	}},
	{"pyftpdlib", "pyftpdlib", false, [purposes]string{
		Announce: "masquerade_address", PassiveRange: "passive_ports", OwnPeer: "permit_foreign_addresses = False", ForeignPeer: "permit_foreign_addresses",
		TLS: "TLS_FTPHandler", ClearLogin: "tls_control_required = False", ClearData: "tls_data_required = False", ProtectedData: "tls_data_required = True",
		MoreClients: "max_cons and max_cons_per_ip", Write: "the user's perm", NoAnonymous: "without add_anonymous", SlowGuessing: "max_login_attempts",
	}},
	{"(version wu-", "wu-ftpd", false, [purposes]string{
		Announce: "passive address", PassiveRange: "passive ports", OwnPeer: "without port-allow and pasv-allow", ForeignPeer: "port-allow and pasv-allow",
		MoreClients: "limit", Write: "upload", NoIdent: "-I", NoAnonymous: "class without anonymous", SlowGuessing: "loginfails", OwnDirectory: "guestgroup", NoChmod: "chmod no",
	}},
	{"serv-u", "Serv-U", false, [purposes]string{
		Announce: "PASV IP address", PassiveRange: "PASV port range", OwnPeer: "block FTP_bounce attacks and FXP", ForeignPeer: "block FTP_bounce attacks and FXP",
		MoreClients: "maximum number of sessions", SlowGuessing: "block users who connect too often", OwnDirectory: "lock user in home directory",
	}},
}

// For lists the settings for a purpose, in brackets after a blank: the one of the program
// that a greeting names, else those of common programs. It is empty where that program has
// none.
func For(greeting *string, p Purpose) string {
	var list []string
	if own := named(greeting); own != nil {
		list = own.setting(list, p)
	} else {
		for i := range programs {
			if programs[i].common {
				list = programs[i].setting(list, p)
			}
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, ", ") + ")"
}

// named is the program that a greeting names, nil: none that is known.
func named(greeting *string) *program {
	if greeting == nil {
		return nil
	}
	text := strings.ToLower(*greeting)
	for i := range programs {
		if strings.Contains(text, programs[i].greeting) {
			return &programs[i]
		}
	}
	return nil
}

func (g *program) setting(list []string, p Purpose) []string {
	if g.of[p] == "" {
		return list
	}
	return append(list, g.name+" "+g.of[p])
}
