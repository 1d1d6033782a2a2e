#!/bin/sh
# Ends the services before their program goes, and takes them out of the start. rpm says 0 when the last version goes, deb
# says remove; apk says nothing. What they wrote stays in /var/lib/ftpscope.
case "${1:-remove}" in
remove | 0 | *[0-9].*)
	! test -d /run/systemd/system || systemctl stop 'ftpscope-sniff@*.service' || :
	rm -f /etc/systemd/system/*.wants/ftpscope-sniff@*.service
	;;
esac
