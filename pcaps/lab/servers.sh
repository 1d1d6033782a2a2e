# The servers, unpacked into $root and run inside the server's namespace. Sourced by make.sh.
# shellcheck shell=bash disable=SC2154

# prepare_accounts makes the account files that `ip netns exec` mounts over /etc in the server's namespace only:
# the machine's own accounts are neither used nor changed. Names and passwords are fake and mean nothing.
prepare_accounts() {
  local etc=/etc/netns/$SRV hash
  mkdir -p "$etc/pam.d" "$work/empty"
  # shellcheck disable=SC2016
  hash=$(openssl passwd -6 -salt ftpscope labpass)
  cat >"$etc/passwd" <<E
root:x:0:0:root:/root:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
ftp:x:2001:2001:anonymous:$work/home/anonymous:/bin/sh
labuser:x:2002:2002:lab user:$work/home/labuser:/bin/sh
E
  printf 'root:x:0:\nnogroup:x:65534:\nftp:x:2001:\nlabuser:x:2002:\n' >"$etc/group"
  printf 'root:*:19000::::::\nnobody:*:19000::::::\nftp:*:19000::::::\nlabuser:%s:19000::::::\n' "$hash" >"$etc/shadow"
  chmod 600 "$etc/shadow"
  local service
  for service in vsftpd pure-ftpd ftpd ftp proftpd other; do
    printf 'auth required pam_unix.so nodelay\naccount required pam_unix.so\nsession required pam_permit.so\n' >"$etc/pam.d/$service"
  done
  printf '127.0.0.1 localhost\n192.0.2.21 ftp.example.test\n' >"$etc/hosts"
  [ ! -e /etc/motd ] || echo 'Welcome to the lab.' >"$etc/motd"
  : >"$etc/resolv.conf"
  printf 'labuser:%s:2002:2002::%s:/bin/sh\n' "$hash" "$work/home/labuser" >"$work/proftpd.passwd"
  chmod 600 "$work/proftpd.passwd"
  rm -rf "/etc/netns/$OTH"
  cp -a "$etc" "/etc/netns/$OTH"
}

listening() { in_srv ss -Htln "sport = :$1" | grep -q .; }

serve() { # serve PORT COMMAND… : starts it in the server's namespace, under a host name of our own
  local port=$1
  shift
  # shellcheck disable=SC2016
  in_srv unshare --uts sh -c 'hostname ftp.example.test; exec "$@"' sh "$@" >"$work/server.log" 2>&1 </dev/null &
  await "${1##*/}" listening "$port"
}

# vsftpd [SETTING…]: active data from port 20 (vsftpd's shipped configuration), passive anywhere.
vsftpd() {
  { cat <<E
listen=YES
background=NO
anonymous_enable=YES
anon_root=$work/home/anonymous
local_enable=YES
write_enable=YES
chroot_local_user=YES
allow_writeable_chroot=YES
connect_from_port_20=YES
secure_chroot_dir=$work/empty
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
xferlog_enable=NO
nopriv_user=nobody
ftp_username=ftp
pam_service_name=vsftpd
ascii_upload_enable=YES
ascii_download_enable=YES
connect_timeout=3
accept_timeout=3
delay_failed_login=0
E
    printf '%s\n' "$@"; } >"$work/vsftpd.conf"
  local port=21 s
  for s in "$@"; do case $s in listen_port=*) port=${s#*=} ;; esac; done
  serve "$port" "$root/usr/sbin/vsftpd" "$work/vsftpd.conf"
}

# proftpd [DIRECTIVE…]
proftpd() {
  { cat <<E
ServerName "lab"
ServerType standalone
Port 21
User nobody
Group nogroup
UseIPv6 off
DefaultAddress 192.0.2.21
DefaultServer on
UseReverseDNS off
AuthOrder mod_auth_file.c
AuthUserFile $work/proftpd.passwd
RequireValidShell off
DefaultRoot ~
AllowOverwrite on
AllowStoreRestart on
AllowRetrieveRestart on
PidFile $work/proftpd.pid
ScoreboardFile $work/proftpd.score
SystemLog none
TransferLog none
WtmpLog off
AllowOverride off
E
    printf '%s\n' "$@"; } >"$work/proftpd.conf"
  serve 21 "$root/usr/sbin/proftpd" -n -c "$work/proftpd.conf"
}

# pureftpd [OPTION…]: its active data comes from any port where it may not bind 20.
pureftpd() { serve 21 "$root/usr/sbin/pure-ftpd" -l unix -A -H -u 1 "$@"; }

# inetutils: the BSD lineage; the transfer without PORT goes to the control connection's own port.
inetutils() { serve 21 "$root/usr/sbin/ftpd" -D -a default; }

# pyftpd [OPTION…]: the module's own server, anonymous with write permission.
pyftpd() { PYTHONPATH=$root/usr/lib/python3/dist-packages serve 21 "$python" -W ignore -m pyftpdlib -p 21 -w -d "$work/home/labuser" "$@"; }

# unpacked PROGRAM…: with the libraries that were unpacked beside it.
unpacked() { env LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu" "$@"; }
