package decode

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// UDP ports of what brings frames from elsewhere: sniffers, access points, the routers of
// sites.
const (
	portLISP   = 4341
	portCAPWAP = 5247 // data; 5246 is control, which is encrypted
	portTZSP   = 37008
)

var (
	layerTZSP   = newLayerType("TZSP")
	layerCAPWAP = newLayerType("CAPWAP")
	layerLISP   = newLayerType("LISP")
)

func init() {
	register(row{kind: layerTZSP, read: readTZSP, portsTo: []uint16{portTZSP}})
	register(row{kind: layerCAPWAP, read: readCAPWAP, ports: []uint16{portCAPWAP}})
	register(row{kind: layerLISP, read: readLISP, portsTo: []uint16{portLISP}})
}

// readTZSP is what sensors and MikroTik's sniffer send: version 1, type (0: received, 1:
// to be sent), the kind of frame, then tagged fields of which the one with the number 1
// ends them, and 0 fills. Both are a byte; others have a length and data.
func readTZSP(l *layer, f Frame) error {
	const header, tagFill, tagEnd, tagSensor = 4, 0, 1, 60
	b := f.Data
	if len(b) < header {
		return l.short(f, header)
	}
	next := tzspFrames[binary.BigEndian.Uint16(b[2:])]
	if b[0] != 1 || b[1] > 1 || next == 0 {
		return l.other()
	}
	at, sensor := header, 0
	for {
		if at >= len(b) {
			return l.short(f, at+1)
		}
		tag := b[at]
		if at++; tag == tagEnd {
			break
		}
		if tag == tagFill {
			continue
		}
		if at >= len(b) {
			return l.short(f, at+1)
		}
		if size := int(b[at]); tag == tagSensor && size == 6 && len(b) >= at+1+size {
			sensor = at + 1
		}
		at += 1 + int(b[at])
	}
	if !f.holds(at+1) || next == layers.LayerTypeEthernet && !fitsEthernet(f, at) || next == layers.LayerTypeDot11 && !fitsDot11(f, at) {
		return l.other()
	}
	if !l.tunnel(flow.StepTZSP, 0) {
		return l.tooDeep()
	}
	if sensor > 0 {
		l.station(sensor, 6, 6)
	}
	return l.carry(f, at, next)
}

// tzspFrames are the kinds of frames in TZSP.
var tzspFrames = map[uint16]gopacket.LayerType{
	1: layers.LayerTypeEthernet, 18: layers.LayerTypeDot11, 119: layerPrism, 127: layerPrism,
}

// readCAPWAP is a frame between an access point and its controller (RFC 5415 section
// 4.3): version and type 0, the header's length in words of 32 bits, radio, binding,
// flags. The frame is Ethernet, or the binding's own (RFC 5416: IEEE 802.11), whose frame
// control some controllers write with its bytes exchanged.
func readCAPWAP(l *layer, f Frame) error {
	const (
		header    = 8
		encrypted = 1 // type: DTLS
		native    = 0x01
		fragment  = 0x80
		radio     = 0x10 // there is the radio's hardware address
		keepAlive = 0x08
		reserved  = 0x07
		dot11     = 1
	)
	b := f.Data
	if len(b) < header {
		return l.short(f, header)
	}
	size, binding, flags := int(b[1]>>3)*4, b[2]>>1&0x1f, b[3]
	switch {
	case b[0] == encrypted:
		return l.encryptedCAPWAP(b)
	case b[0] != 0 || size < header || !f.holds(size+1) || binding != dot11 || flags&(reserved|keepAlive) != 0 || b[7]&reserved != 0:
		return l.other()
	case flags&fragment != 0:
		return l.undecoded("CAPWAP fragment")
	case len(b) < size+2:
		return l.short(f, size+2)
	}
	next, swapped, fits := layers.LayerTypeEthernet, false, fitsEthernet(f, size)
	if b[2]&native != 0 {
		swapped = !isData(b[size]) && isData(b[size+1])
		next, fits = layers.LayerTypeDot11, swapped || fitsDot11(f, size)
	}
	if !fits {
		return l.other()
	}
	if !l.tunnel(flow.StepCAPWAP, 0) {
		return l.tooDeep()
	}
	l.d.walk.swapped = swapped
	if flags&radio != 0 && size >= 16 && b[header] == 6 {
		l.station(header+1, 6, 6)
	}
	return l.carry(f, size, next)
}

// encryptedCAPWAP tells application data of DTLS (RFC 6347 section 4.1) after three bytes
// that are reserved.
func (l *layer) encryptedCAPWAP(b []byte) error {
	const applicationData, dtls = 23, 0xfe
	if b[1]|b[2]|b[3] != 0 || b[4] != applicationData || b[5] != dtls {
		return l.other()
	}
	return l.undecoded("CAPWAP encrypted")
}

// isData tells the first byte of an IEEE 802.11 data frame.
func isData(control byte) bool { return control&(dot11Version|dot11Type) == dot11Data }

// fitsDot11 wants a frame of the one version that there is.
func fitsDot11(f Frame, at int) bool { return len(f.Data) <= at || f.Data[at]&dot11Version == 0 }

// readLISP is a packet between the routers of two sites (RFC 9300 section 5): flags, a
// nonce or versions, an instance if there is one, then IP; or with the flag of RFC 9305
// what its last byte of the first word says.
func readLISP(l *layer, f Frame) error {
	const (
		header    = 8
		instance  = 0x08
		protocol  = 0x04
		encrypted = 0x03 // RFC 8061
	)
	b := f.Data
	if len(b) < header {
		return l.short(f, header)
	}
	flags, id := b[0], uint64(0)
	if flags&instance != 0 {
		id = uint64(binary.BigEndian.Uint32(b[4:]) >> 8)
	}
	next := layerIP
	switch {
	case flags&encrypted != 0:
		return l.other()
	case flags&protocol != 0:
		if next = byGPE[b[3]]; next == 0 || b[3] > gpeEthernet || !fitsGPE(b[3], f, header) || flags&^(instance|protocol) != 0 {
			return l.other()
		}
	case !exactlyIP(f, header):
		return l.other()
	}
	if !l.tunnel(flow.StepLISP, id) {
		return l.tooDeep()
	}
	return l.carry(f, header, next)
}
