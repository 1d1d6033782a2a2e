package siem

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// zeekLogText is a log as a reader of Zeek's logs sees it: by its own header alone.
type zeekLogText struct {
	path   string
	fields []string
	types  []string
	rows   []map[string]string
}

// readZeek reads a tab-separated log and checks each value against the type that the
// header gives.
func readZeek(t *testing.T, text string) zeekLogText {
	t.Helper()
	var log zeekLogText
	sc := bufio.NewScanner(strings.NewReader(text))
	sc.Buffer(nil, 1<<24)
	head, closed := []string(nil), false
	for sc.Scan() {
		require.False(t, closed, "a line after #close")
		line := sc.Text()
		if !strings.HasPrefix(line, "#") {
			cells := strings.Split(line, "\t")
			require.Len(t, cells, len(log.fields))
			row := map[string]string{}
			for i, value := range cells {
				row[log.fields[i]] = zeekValue(t, log.types[i], value)
			}
			log.rows = append(log.rows, row)
			continue
		}
		key, rest, _ := strings.Cut(line, "\t")
		head = append(head, key)
		switch key {
		case "#path":
			log.path = rest
		case "#fields":
			log.fields = strings.Split(rest, "\t")
		case "#types":
			log.types = strings.Split(rest, "\t")
		case "#close":
			closed = true
		}
	}
	require.NoError(t, sc.Err())
	require.Equal(t, []string{`#separator \x09`, "#set_separator", "#empty_field", "#unset_field", "#path", "#open", "#fields", "#types", "#close"}, head)
	require.Len(t, log.types, len(log.fields))
	return log
}

var zeekEscape = regexp.MustCompile(`\\x[0-9a-f]{2}`)

// zeekValue checks a value and undoes its escapes.
func zeekValue(t *testing.T, kind, value string) string {
	t.Helper()
	require.NotEmpty(t, value)
	if value == "-" {
		return value
	}
	switch kind {
	case "time", "interval":
		require.Regexp(t, `^-?\d+\.\d{6}$`, value)
	case "count", "int":
		_, err := strconv.ParseUint(value, 10, 64)
		require.NoError(t, err)
	case "port":
		_, err := strconv.ParseUint(value, 10, 16)
		require.NoError(t, err)
	case "addr":
		_, err := netip.ParseAddr(value)
		require.NoError(t, err)
	case "bool":
		require.Contains(t, []string{"T", "F"}, value)
	case "enum":
		require.Equal(t, "tcp", value)
	case "string", "set[string]":
		if value == "(empty)" {
			return ""
		}
		return zeekEscape.ReplaceAllStringFunc(value, func(s string) string {
			b, err := hex.DecodeString(s[2:])
			require.NoError(t, err)
			return string(b)
		})
	default:
		t.Fatalf("no type %s", kind)
	}
	return value
}

// TestZeekFTP: the rows that Zeek would write, its order of columns.
func TestZeekFTP(t *testing.T) {
	log := readZeek(t, reporttest.WriteAll(t, Formats(), "zeek-ftp", reporttest.ActiveSession(), reporttest.BlockedSession(), reporttest.Ipv6Session()))
	require.Equal(t, "ftp", log.path)
	require.Equal(t, "ts uid id.orig_h id.orig_p id.resp_h id.resp_p user password command arg mime_type file_size reply_code reply_msg "+
		"data_channel.passive data_channel.orig_h data_channel.resp_h data_channel.resp_p fuid", strings.Join(log.fields, " "))
	require.Equal(t, "time string addr port addr port string string string string string count count string bool addr addr port string", strings.Join(log.types, " "))
	var got [][]string
	for _, r := range log.rows {
		got = append(got, []string{r["ts"], r["id.orig_p"], r["user"], r["password"], r["command"], r["arg"], r["reply_code"],
			r["data_channel.passive"], r["data_channel.orig_h"], r["data_channel.resp_h"], r["data_channel.resp_p"]})
	}
	require.Equal(t, [][]string{ // LIST is none of the commands that Zeek logs
		{"1709287335.180000", "51234", "anonymous", "<hidden>", "PORT", "192,0,2,10,170,71", "200", "F", "192.0.2.21", "192.0.2.10", "43591"},
		{"1709287335.360000", "51234", "anonymous", "<hidden>", "PORT", "192,0,2,10,170,157", "200", "F", "192.0.2.21", "192.0.2.10", "43677"},
		{"1709287335.400000", "51234", "anonymous", "<hidden>", "RETR", "ftp://192.0.2.21/photo.bin", "226", "-", "-", "-", "-"},
		{"1709287335.140000", "49640", "labuser", "<hidden>", "PASV", "-", "227", "T", "203.0.113.10", "192.168.50.2", "50001"},
		{"1709287338.090000", "51234", "бухгалтерия-отдел-продаж", "-", "EPSV", "-", "229", "T", "2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:21", "50123"},
		{"1709287338.120000", "51234", "бухгалтерия-отдел-продаж", "-", "STOR", "ftp://[2001:db8:aaaa:bbbb:cccc:dddd:eeee:21]/./отчёт за первый квартал окончательный (исправленный) 最終版.xlsx",
			"226", "-", "-", "-", "-"},
	}, got)
	require.Regexp(t, `^C[0-9A-Za-z]{17}$`, log.rows[0]["uid"])
	require.Equal(t, log.rows[0]["uid"], log.rows[2]["uid"])
	require.NotEqual(t, log.rows[0]["uid"], log.rows[3]["uid"])
}

// TestZeekConn: states, bytes and what is not known.
func TestZeekConn(t *testing.T) {
	log := readZeek(t, reporttest.WriteAll(t, Formats(), "zeek-conn", reporttest.ActiveSession(), reporttest.BlockedSession()))
	require.Equal(t, "conn", log.path)
	require.Equal(t, "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes "+
		"history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents vlan inner_vlan", strings.Join(log.fields, " "))
	require.Equal(t, "time string addr port addr port enum string interval count count string bool bool count string count count count count set[string] int int", strings.Join(log.types, " "))
	var got [][]string
	for _, r := range log.rows {
		got = append(got, []string{r["id.orig_h"], r["id.resp_p"], r["service"], r["duration"], r["orig_bytes"], r["conn_state"], r["history"], r["tunnel_parents"]})
	}
	require.Equal(t, [][]string{
		{"192.0.2.10", "21", "ftp", "1.000000", "0", "S1", "-", "-"},
		{"192.0.2.21", "43591", "ftp-data", "0.130000", "266", "OTH", "-", "-"},
		{"192.0.2.21", "43677", "ftp-data", "0.130000", "60000", "OTH", "-", "-"},
		{"203.0.113.10", "21", "ftp", "7.200000", "0", "S1", "-", "-"},
		{"203.0.113.10", "50001", "ftp-data", "6.840000", "0", "S0", "S", "-"},
		{"192.0.2.21", "40000", "ftp-data", "0.500000", "-", "-", "-", "-"},
	}, got)
	ftp := readZeek(t, reporttest.WriteAll(t, Formats(), "zeek-ftp", reporttest.ActiveSession()))
	require.Equal(t, ftp.rows[0]["uid"], log.rows[0]["uid"], "the logs' key")
}

func TestZeekState(t *testing.T) {
	syn := flow.Conn{SYN: reporttest.MarkAt(0, 1), SYNACK: reporttest.MarkAt(1, 2), State: flow.Established}
	ends := func(closing flow.Closing, outFIN, inFIN, outRST, inRST int) flow.Conn {
		c := syn
		c.Closing = closing
		for _, m := range []struct {
			mark *flow.Mark
			ms   int
		}{{&c.Half[flow.Out].FIN, outFIN}, {&c.Half[flow.In].FIN, inFIN}, {&c.Half[flow.Out].RST, outRST}, {&c.Half[flow.In].RST, inRST}} {
			if m.ms > 0 {
				*m.mark = reporttest.MarkAt(m.ms, uint64(m.ms))
			}
		}
		return c
	}
	middle := ends(flow.Cut, 0, 0, 0, 0)
	middle.SYN = flow.Mark{}
	for _, c := range []struct {
		conn flow.Conn
		want string
	}{
		{flow.Conn{State: flow.Unanswered}, "S0"}, {flow.Conn{State: flow.Unreachable}, "S0"}, {flow.Conn{State: flow.Refused}, "REJ"},
		{ends(flow.Finned, 5, 6, 0, 0), "SF"}, {ends(flow.Finned, 5, 0, 0, 0), "S2"}, {ends(flow.Finned, 0, 5, 0, 0), "S3"}, {ends(flow.Cut, 0, 0, 0, 0), "S1"},
		{ends(flow.ResetBy, 0, 0, 5, 0), "RSTO"}, {ends(flow.ResetBy, 0, 0, 0, 5), "RSTR"}, {ends(flow.ResetBy, 0, 0, 5, 6), "RSTO"}, {ends(flow.ResetBy, 0, 3, 6, 5), "RSTR"},
		{middle, "OTH"}, {flow.Conn{}, "OTH"},
	} {
		require.Equal(t, c.want, zeekState(&c.conn))
	}
}

// TestZeekHostile: what a reader unescapes is what the wire said, and the JSON log says
// the same.
func TestZeekHostile(t *testing.T) {
	for _, text := range reporttest.HostileTexts {
		s := reporttest.HostileSession(1, text)
		log := readZeek(t, reporttest.Write(t, Formats(), "zeek-ftp", report.Options{}, s))
		lines := strings.Split(strings.TrimSuffix(reporttest.Write(t, Formats(), "zeek-ftp-json", report.Options{}, s), "\n"), "\n")
		require.Len(t, lines, len(log.rows))
		for i, row := range log.rows {
			if text == "" { // a user without a name is none
				require.Equal(t, "<unknown>", row["user"])
				continue
			}
			require.Equal(t, text, row["user"])
			var object map[string]any
			require.NoError(t, json.Unmarshal([]byte(lines[i]), &object))
			require.Equal(t, strings.ToValidUTF8(text, ""), strings.ReplaceAll(object["user"].(string), "\ufffd", ""))
			for field, value := range row {
				_, set := object[field]
				require.True(t, text == "-" || set == (value != "-"), "%s %q", field, value)
			}
		}
		readZeek(t, reporttest.Write(t, Formats(), "zeek-conn", report.Options{}, s))
	}
}

// TestZeekUsers: each command has the user of its time.
func TestZeekUsers(t *testing.T) {
	s := reporttest.ActiveSession()
	s.User = reporttest.Ptr("second")
	s.Notes.Logins = []record.Login{{Mark: reporttest.MarkAt(10, 3), User: "first"}, {Mark: reporttest.MarkAt(300, 30), User: "second", OK: true}}
	log := readZeek(t, reporttest.Write(t, Formats(), "zeek-ftp", report.Options{ShowPasswords: true}, s))
	require.Equal(t, []string{"first", "-", "second", "me@example.org"}, []string{log.rows[0]["user"], log.rows[0]["password"], log.rows[1]["user"], log.rows[1]["password"]})
}

// Two sessions of the same addresses, ports and times have names of their own in
// different networks.
func TestNamesOfNetworks(t *testing.T) {
	one, two := reporttest.ActiveSession(), reporttest.ActiveSession()
	one.Network, two.Network = reporttest.InVLANs([]uint64{10}), reporttest.InVLANs([]uint64{20})
	flows, parents := map[any]bool{}, map[any]bool{}
	for line := range strings.Lines(reporttest.WriteAll(t, Formats(), "eve", one, two)) {
		var r map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		if p := r["parent_id"]; p != nil {
			flows[r["flow_id"]], flows[p], parents[p] = true, true, true
		}
	}
	require.Len(t, parents, 2)
	require.Len(t, flows, 6, "two control connections and four data connections")
	uids := map[string]bool{}
	for _, r := range readZeek(t, reporttest.WriteAll(t, Formats(), "zeek-conn", one, two)).rows {
		uids[r["uid"]] = uids[r["uid"]] || r["vlan"] != "-"
	}
	n := 0
	for _, tagged := range uids {
		if tagged {
			n++
		}
	}
	require.Equal(t, 6, n)
}
