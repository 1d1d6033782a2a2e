#!/bin/sh
# Ends the services before their program goes. rpm says 0 when the last version goes, deb says remove; apk says nothing.
case "${1:-remove}" in
remove | 0 | *[0-9].*) ! test -d /run/systemd/system || systemctl stop 'ftpscope-sniff@*.service' || : ;;
esac
