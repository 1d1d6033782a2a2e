package report

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// mostChecksumHosts bounds the hosts that are named; of more, the capture point sees one side of a whole network.
const mostChecksumHosts = 3

// checksumWarnings tells of hosts that --verify-checksums left nearly nothing of.
func checksumWarnings(c *record.SummaryCapture) (lines []string) {
	for i, h := range c.WrongChecksums {
		if i == mostChecksumHosts {
			lines = append(lines, "most checksums of "+prose.Many(uint64(len(c.WrongChecksums)-i), "other host")+" are wrong, too")
			break
		}
		lines = append(lines, prose.Number(h.Wrong)+" of "+prose.Many(h.Checked, "packet")+" from "+h.Host.String()+" have wrong checksums and were left out;"+
			" if the capture was made on that host, its network card fills them in later (offload): analyze without --verify-checksums")
	}
	return lines
}
