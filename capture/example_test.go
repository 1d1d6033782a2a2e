package capture_test

import (
	"fmt"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/capture"
)

// A program that is written for gopacket reads what ftpscope reads: any format, compressed or not, many files in the order
// of time. Each packet is decoded by its own link type.
func ExampleCapture() {
	c, err := capture.Open([]string{"../pcaps/active-port.pcap", "../pcaps/cooked-sll.pcap"}, capture.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	source := gopacket.NewPacketSource(c, c)
	source.NoCopy = true // ReadPacketData has copied
	for {
		packet, err := source.NextPacket()
		if err != nil {
			break
		}
		tcp, ok := packet.TransportLayer().(*layers.TCP)
		if !ok || !tcp.SYN || tcp.ACK {
			continue
		}
		from := packet.Metadata().AncillaryData[0].(*capture.Packet)
		fmt.Printf("%s, packet %d: %s opens a connection to port %d\n",
			c.Files()[from.Pos.File()], from.Pos.Packet(), packet.NetworkLayer().NetworkFlow().Src(), tcp.DstPort)
	}
	// Output:
	// ../pcaps/active-port.pcap, packet 3: 192.0.2.10 opens a connection to port 21
	// ../pcaps/active-port.pcap, packet 22: 192.0.2.21 opens a connection to port 33439
	// ../pcaps/active-port.pcap, packet 74: 192.0.2.21 opens a connection to port 59563
	// ../pcaps/active-port.pcap, packet 92: 192.0.2.21 opens a connection to port 35325
	// ../pcaps/cooked-sll.pcap, packet 3: 192.0.2.10 opens a connection to port 21
	// ../pcaps/cooked-sll.pcap, packet 17: 192.0.2.10 opens a connection to port 60169
	// ../pcaps/cooked-sll.pcap, packet 36: 192.0.2.21 opens a connection to port 45729
}

// Any source of gopacket can be analyzed: here a reader of pcapgo.
func ExampleFrom() {
	file, err := os.Open("../pcaps/active-port.pcap")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	reader, err := pcapgo.NewReader(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	source := capture.From(reader, uint32(reader.LinkType()))
	source.Name, source.Digits = "active-port.pcap", 6
	if _, err := analyze.Run(source, analyze.Options{}, printed{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// RETR: active mode, opened by the server: ok
	// RETR: active mode, opened by the server: ok
	// NLST: active mode, opened by the server: ok
	// 107 packets of active-port.pcap
}

// printed prints what an analysis finds.
type printed struct{}

func (printed) Session(s *record.Session) error {
	for _, t := range s.Transfers {
		fmt.Printf("%s: %s mode, opened by the %s: %s\n", *t.Command, t.Mode, t.Initiator, t.Outcome)
	}
	return nil
}

func (printed) Attempt(*record.Attempt) error { return nil }
func (printed) Orphan(*record.Orphan) error   { return nil }
func (printed) Summary(s *record.Summary) error {
	fmt.Println(s.Packets, "packets of", s.Files[0])
	return nil
}
