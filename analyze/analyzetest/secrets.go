package analyzetest

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
)

// Secrets is a session that has passwords in all the ways that people type, and servers
// repeat, them. All of them are canaries.
const Secrets = `
	S: 220 ready
	C: USER u01
	S: 331 password
	C: pAsS CANplain1
	S: 530 CANplain1? No, xCANPLAIN1x
	C: PASS Zq7x
	S: 530 wrong zq7x
	C: USER CANtyped2
	S: 331 Password required for CANtyped2
	C: PASS u01
	S: 530 no
	C: USER bob CANbehind3
	S: 331 p
	C: CANbare4
	S: 500 'CANBARE4': what
	C: PASSCANglued5
	S: 500 PASSCANGLUED5 what
	C! PASS\tCANtab6\r\n
	S: 500 what
	C: USER u7:CANcolon7
	S: 331 p
	C:  PASS   CANtyped2
	S: 332 account
	C: ACCT CANacct8
	S: 230-hi
	S:  PASS CANtyped2 accepted
	S: 230 in
	C: SITE  PSWD CANold9 CANnew9
	S: 200 from cANold9 to CANnew9
	C: site cpwd CANch10
	S: 500 no CANCH10
	C: QUOTE PASS CANquote11
	S: 500 no
	C: ADAT CANadat12
	S: 503 CANadat12 no
	pasv
	C: RETR a.txt
	data d1 C:40000 > S:50000
	S: 150 here
	d1< 5000
	d1 fin <
	S: 226 done
	bye
`

// LastPassword is that of Secrets' last login.
const LastPassword = "CANtyped2"

var canary = regexp.MustCompile(`(?i)CAN[a-z]+[0-9]|\bzq7x\b`)

// RequireNoSecret looks for canaries.
func RequireNoSecret(t testing.TB, where, text string) {
	t.Helper()
	if at := canary.FindStringIndex(text); at != nil {
		require.Fail(t, "a password is shown", "%s: …%s…", where, text[max(0, at[0]-60):min(len(text), at[1]+20)])
	}
}

// Texts are all texts of a session, but those that writers are to hide: Password, and the
// arguments of PASS.
func Texts(s *record.Session) string {
	var b strings.Builder
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			isPASS := v.Type() == reflect.TypeFor[record.Exchange]() && strings.EqualFold(v.FieldByName("Command").String(), "PASS")
			for i := range v.NumField() {
				if name := v.Type().Field(i).Name; name != "Password" && !(isPASS && name == "Argument") {
					walk(v.Field(i))
				}
			}
		case reflect.String:
			fmt.Fprintln(&b, v.String())
		}
	}
	walk(reflect.ValueOf(s))
	return b.String()
}
