#!/usr/bin/env bash
# Installs the mail programs that the tests speak to (with --bench also the signer that the bench sets beside ours, with --goals what only goals need), or says
# which are missing. No system service is started by it: a package's daemon stays as stopped as it was.
set -u
packages=""
goals=
need() { command -v "$1" >/dev/null 2>&1 || [ -x "$1" ] || packages="$packages $2"; }
# The project's own Node is built against it; a bare Debian does not have it.
[ -x node_modules/.bin/node ] && ! node_modules/.bin/node --version >/dev/null 2>&1 && packages="$packages libatomic1"
need curl curl
need swaks swaks
need mbsync isync
need offlineimap offlineimap3
need fetchmail fetchmail
need s-nail s-nail
need sieve-connect sieve-connect
need neomutt neomutt
need alpine alpine
need aerc aerc
need mpop mpop
need python3 python3
need strace strace
need oathtool oathtool
need openssl openssl
need gsasl gsasl
# A browser for the web client. Pictures of it want Korean letters (fonts-noto-cjk), its tests do not.
need chromium chromium
# A store for the service, started by its tests in a folder of its own.
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || packages="$packages postgresql"
# What several services would share.
need redis-server redis-server
# An S3.
for kind in proxy account container object; do need "swift-$kind-server" "swift-$kind"; done
# Scanners, each started by its own test with its own settings; SpamAssassin and its thirty packages, which take half a minute, only with --goals.
need /usr/sbin/clamd clamav-daemon
need rspamd rspamd
PATH="$PATH:/usr/sbin:/sbin"
need postfix postfix
need smtp-source postfix
# The conventional side of Downmail.
need dovecot dovecot-core
need /usr/lib/dovecot/lmtp dovecot-lmtpd
need /usr/lib/dovecot/imap dovecot-imapd
need /usr/lib/dovecot/pop3 dovecot-pop3d
# Signs and verifies DKIM and ARC; it belongs to Debian's own Python, whatever other one comes first in the path.
/usr/bin/python3 -c 'import dkim, authres' 2>/dev/null || packages="$packages python3-dkim python3-authres"
# What these load at run time; their packages only recommend it.
perl -MNet::SSLeay -e 1 2>/dev/null || packages="$packages libnet-ssleay-perl"
ls /usr/lib/*/sasl2/libplain.so >/dev/null 2>&1 || packages="$packages libsasl2-modules"
if [ "${1:-}" = --bench ]; then
  need opendkim opendkim
fi
if [ "${1:-}" = --goals ]; then
  need /usr/sbin/spamd spamd
  [ -d .cache/pigeonhole/tests ] || goals=yes
fi
# Sieve tests of another engine, which are not ours to ship: from Debian's source package, unpacked and nothing else.
fetch_goals() {
  [ -n "$goals" ] || return 0
  mkdir -p .cache/pigeonhole/lists/partial
  (
    cd .cache/pigeonhole || exit 1
    . /etc/os-release
    echo "deb-src http://deb.debian.org/debian $VERSION_CODENAME main" >sources.list
    apt="apt-get -qq -o Dir::Etc::sourcelist=$PWD/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists=$PWD/lists"
    $apt update && $apt source --download-only dovecot && tar xzf ./*orig-pigeonhole.tar.gz --strip-components=1
  )
}
[ -z "$packages" ] && { fetch_goals; exit; }
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "These packages are missing and need root and apt to install:$packages" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# invoke-rc.d asks this file whether it may start a daemon: while we install, it may not.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
log=$(mktemp)
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages; } >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo "apt-get could not install:$packages" >&2
  exit 1
fi
rm -f "$log"
fetch_goals
