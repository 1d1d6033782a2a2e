package ftp

// Verb is a command of the FTP vocabulary.
type Verb uint8

// The verbs. RFC 737 and 743 have the X-commands that mail left behind.
const (
	VerbUnknown Verb = iota

	// RFC 959 section 4.1
	USER
	PASS
	ACCT
	CWD
	CDUP
	SMNT
	QUIT
	REIN
	PORT
	PASV
	TYPE
	STRU
	MODE
	RETR
	STOR
	STOU
	APPE
	ALLO
	REST
	RNFR
	RNTO
	ABOR
	DELE
	RMD
	MKD
	PWD
	LIST
	NLST
	SITE
	SYST
	STAT
	HELP
	NOOP

	// RFC 775, 737 and 743
	XMKD
	XRMD
	XPWD
	XCUP
	XCWD
	XSEN
	XSEM
	XMAS
	XRSQ
	XRCP

	// RFC 1639
	LPRT
	LPSV

	// GridFTP (GFD.20 section 3.3): PASV and PORT of several endpoints
	SPAS
	SPOR

	// RFC 2228 section 3
	AUTH
	ADAT
	PBSZ
	PROT
	CCC
	MIC
	CONF
	ENC

	// RFC 2389, 2428, 2640, 3659, 7151
	FEAT
	OPTS
	EPRT
	EPSV
	LANG
	MDTM
	SIZE
	MLST
	MLSD
	HOST

	// Of drafts and of servers
	CLNT
	CSID
	MFMT
	MFCT
	MFF
	AVBL
	DSIZ
	RMDA
	HASH
	RANG
	COMB
	MD5
	MMD5
	XCRC
	XMD5
	XSHA
	XSHA1
	XSHA256
	XSHA512
	THMB
	PRET
	CPSV
	SPSV
	SSCN
	ESTA
	ESTP
	MACB

	verbCount
)

var verbNames = [verbCount]string{
	USER: "USER", PASS: "PASS", ACCT: "ACCT", CWD: "CWD", CDUP: "CDUP", SMNT: "SMNT", QUIT: "QUIT", REIN: "REIN",
	PORT: "PORT", PASV: "PASV", TYPE: "TYPE", STRU: "STRU", MODE: "MODE", RETR: "RETR", STOR: "STOR", STOU: "STOU",
	APPE: "APPE", ALLO: "ALLO", REST: "REST", RNFR: "RNFR", RNTO: "RNTO", ABOR: "ABOR", DELE: "DELE", RMD: "RMD",
	MKD: "MKD", PWD: "PWD", LIST: "LIST", NLST: "NLST", SITE: "SITE", SYST: "SYST", STAT: "STAT", HELP: "HELP",
	NOOP: "NOOP",
	XMKD: "XMKD", XRMD: "XRMD", XPWD: "XPWD", XCUP: "XCUP", XCWD: "XCWD", XSEN: "XSEN", XSEM: "XSEM", XMAS: "XMAS",
	XRSQ: "XRSQ", XRCP: "XRCP",
	LPRT: "LPRT", LPSV: "LPSV", SPAS: "SPAS", SPOR: "SPOR",
	AUTH: "AUTH", ADAT: "ADAT", PBSZ: "PBSZ", PROT: "PROT", CCC: "CCC", MIC: "MIC", CONF: "CONF", ENC: "ENC",
	FEAT: "FEAT", OPTS: "OPTS", EPRT: "EPRT", EPSV: "EPSV", LANG: "LANG", MDTM: "MDTM", SIZE: "SIZE", MLST: "MLST",
	MLSD: "MLSD", HOST: "HOST",
	CLNT: "CLNT", CSID: "CSID", MFMT: "MFMT", MFCT: "MFCT", MFF: "MFF", AVBL: "AVBL", DSIZ: "DSIZ", RMDA: "RMDA",
	HASH: "HASH", RANG: "RANG", COMB: "COMB", MD5: "MD5", MMD5: "MMD5", XCRC: "XCRC", XMD5: "XMD5", XSHA: "XSHA",
	XSHA1: "XSHA1", XSHA256: "XSHA256", XSHA512: "XSHA512", THMB: "THMB", PRET: "PRET", CPSV: "CPSV", SPSV: "SPSV",
	SSCN: "SSCN", ESTA: "ESTA", ESTP: "ESTP", MACB: "MACB",
}

// maxVerb is the length of the longest verb; a name of up to 8 bytes packs into a uint64.
const maxVerb = 7

// verbs has a verb at the place of its packed name, or at one of the next.
var verbs = func() (m [512]struct {
	name uint64
	verb Verb
}) {
	for v := VerbUnknown + 1; v < verbCount; v++ {
		k := pack([]byte(verbNames[v]))
		i := place(k)
		for m[i].name != 0 {
			i = (i + 1) % len(m)
		}
		m[i].name, m[i].verb = k, v
	}
	return m
}()

func place(name uint64) int { return int(name * 0x9E3779B97F4A7C15 >> (64 - 9)) }

// pack makes one number of a name in any letter case; 0 when it cannot be a verb.
func pack(name []byte) uint64 {
	if len(name) > maxVerb {
		return 0
	}
	var k uint64
	for _, c := range name {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c < '0' || c > 'Z' {
			return 0
		}
		k = k<<8 | uint64(c)
	}
	return k
}

// lookup finds the verb of a name in any letter case.
func lookup(name []byte) Verb {
	k := pack(name)
	for i := place(k); ; i = (i + 1) % len(verbs) {
		if v := &verbs[i]; v.name == k || v.name == 0 {
			return v.verb
		}
	}
}

// String is the verb as RFC 959 writes it, "?" when it is unknown.
func (v Verb) String() string {
	if v == VerbUnknown || v >= verbCount {
		return "?"
	}
	return verbNames[v]
}

// IsTransfer reports whether the command uses a data connection.
func (v Verb) IsTransfer() bool {
	switch v {
	case RETR, STOR, STOU, APPE, LIST, NLST, MLSD:
		return true
	}
	return false
}

// IsUpload reports whether the command's data flows from the client to the server.
func (v Verb) IsUpload() bool { return v == STOR || v == STOU || v == APPE }

// IsNegotiation reports whether the command settles where the data connection goes.
func (v Verb) IsNegotiation() bool {
	switch v {
	case PORT, EPRT, LPRT, SPOR, PASV, EPSV, LPSV, SPAS:
		return true
	}
	return false
}

// IsPassive reports whether the reply to the command names where the client is to connect.
func (v Verb) IsPassive() bool { return v == PASV || v == EPSV || v == LPSV || v == SPAS }
