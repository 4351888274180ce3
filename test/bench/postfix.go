package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// postfixMaster is Postfix's own process, which `postfix start` would put into the background.
const postfixMaster = "/usr/lib/postfix/sbin/master"

// hasPostfix says whether Postfix can take part: it is installed, and we may start it.
func hasPostfix() bool {
	_, err := os.Stat(postfixMaster)
	if err != nil || os.Getuid() != 0 {
		fmt.Println("no Postfix: it is not installed, or this is not root")
		return false
	}
	return true
}

// What Postfix needs to take mail durably and throw it away behind its queue.
const (
	postfixMain = `
compatibility_level = 3.6
queue_directory = DIR/spool
data_directory = DIR/state
maillog_file = DIR/log
maillog_file_prefixes = DIR
myhostname = mx.company.com
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
disable_dns_lookups = yes
smtpd_peername_lookup = no
relay_domains = company.com
default_transport = discard:
relay_transport = discard:
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 250
`
	postfixServices = `
ADDR inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
`
)

// onePostfix sends one load to a fresh Postfix.
func (b *bench) onePostfix(s shape, n int) (result, error) {
	dir, err := os.MkdirTemp("/var/spool", "helpost-bench-") // its queue must lie where its own users may come by
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	addr, err := freeAddress()
	if err != nil {
		return result{}, err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return result{}, err
	}
	for _, name := range []string{"etc", "spool", "state"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return result{}, err
		}
	}
	if err := give(filepath.Join(dir, "state"), "postfix"); err != nil {
		return result{}, err
	}
	fill := strings.NewReplacer("DIR", dir, "ADDR", addr)
	for name, text := range map[string]string{"main.cf": postfixMain, "master.cf": postfixServices} {
		if err := os.WriteFile(filepath.Join(dir, "etc", name), []byte(fill.Replace(text)), 0o644); err != nil {
			return result{}, err
		}
	}
	if said, err := exec.Command("postfix", "-c", filepath.Join(dir, "etc"), "check").CombinedOutput(); err != nil {
		return result{}, fmt.Errorf("postfix check: %w: %s", err, said)
	}
	master := exec.Command(postfixMaster, "-c", filepath.Join(dir, "etc"), "-d")
	if err := master.Start(); err != nil {
		return result{}, err
	}
	defer stop(master)
	if err := listening(addr); err != nil {
		said, _ := os.ReadFile(filepath.Join(dir, "log")) // only told
		return result{}, fmt.Errorf("postfix: %w: %s", err, said)
	}
	return send(context.Background(), addr, s, n)
}

// give makes a file somebody's.
func give(path, name string) error {
	who, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		return err
	}
	return os.Chown(path, uid, -1)
}
