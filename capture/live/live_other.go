//go:build !linux && !libpcap

package live

import "errors"

func (c *Capture) open(Options) error {
	return errors.New("sniffing needs a build with libpcap: go build -tags libpcap")
}
