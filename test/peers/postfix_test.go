package peers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// postfixMaster is Postfix's own process, which `postfix start` would put into the background.
const postfixMaster = "/usr/lib/postfix/sbin/master"

// postfixBase is the mail system that the company has already: mailboxes in Dovecot, people who sign in by Dovecot, no DNS.
const postfixBase = `
compatibility_level = 3.6
queue_directory = DIR/spool
data_directory = DIR/state
maillog_file = DIR/postfix.log
maillog_file_prefixes = DIR
myhostname = mx.company.com
myorigin = company.com
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
disable_dns_lookups = yes
smtp_host_lookup = native
smtpd_peername_lookup = no
virtual_mailbox_domains = company.com
virtual_mailbox_maps = texthash:DIR/postfix/people
virtual_transport = lmtp:inet:LMTP
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_sasl_type = dovecot
smtpd_sasl_path = DIR/dovecot/sasl
smtpd_sasl_security_options = noanonymous
queue_run_delay = 2s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
`

// postfixServices is master.cf but for the submission service.
const postfixServices = `
MX inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
`

// startPostfix configures and starts Postfix: its own part of main.cf and master.cf, and the page's.
func (w *world) startPostfix(t *testing.T) {
	t.Helper()
	dir := filepath.Join(w.dir, "postfix")
	for _, name := range []string{dir, filepath.Join(w.dir, "spool"), filepath.Join(w.dir, "state")} {
		if err := os.Mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	chown(t, filepath.Join(w.dir, "state"), "postfix")
	fill := strings.NewReplacer("DIR", w.dir, "LMTP", w.lmtp, "MX", w.mx).Replace
	main, services := fill(postfixBase)+w.snippet(t, "/etc/postfix/main.cf"), fill(postfixServices)+w.snippet(t, "/etc/postfix/master.cf")
	if w.tls != nil {
		services += w.snippet(t, "/etc/postfix/master.cf, with TLS")
		main += "smtp_tls_loglevel = 1\nsmtpd_tls_security_level = may\nsmtpd_tls_cert_file = " + w.tls.path("mx.company.com.pem") + "\nsmtpd_tls_key_file = " + w.tls.path("mx.company.com.key") + "\n"
		for _, name := range []string{"mx.company.com.pem", "mx.company.com.key"} {
			copyFile(t, w.tls.path(name), filepath.Join(dir, name))
		}
		copyFile(t, w.tls.path("ca.pem"), filepath.Join(dir, "company-ca.pem"))
	}
	write(t, filepath.Join(dir, "main.cf"), main)
	write(t, filepath.Join(dir, "master.cf"), services)
	write(t, filepath.Join(dir, "transport"), w.snippet(t, w.titled("/etc/postfix/transport")))
	for _, name := range []string{"header_checks", "logins", "prove"} {
		write(t, filepath.Join(dir, name), w.snippet(t, "/etc/postfix/"+name))
	}
	people := ""
	for _, address := range []string{helpdesk, rina, james, andi, lost, jorg} {
		people += address + " there\n"
	}
	write(t, filepath.Join(dir, "people"), people)
	if said, err := exec.Command("postfix", "-c", dir, "check").CombinedOutput(); err != nil {
		t.Fatalf("postfix check: %v\n%s", err, said)
	}
	start(t, filepath.Join(w.dir, "postfix-master.log"), nil, postfixMaster, "-c", dir, "-d")
	eventually(t, "Postfix listens", func() bool { return listens(w.mx) && listens(w.submission) })
}

// queue lists what Postfix has not delivered yet.
func (w *world) queue(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, name := range []string{"maildrop", "incoming", "active", "deferred"} {
		err := filepath.Walk(filepath.Join(w.dir, "spool", name), func(path string, info os.FileInfo, err error) error {
			if err == nil && info.Mode().IsRegular() {
				all = append(all, filepath.Base(path))
			}
			if os.IsNotExist(err) {
				return nil // delivered just now
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// postfixLog is what Postfix has said so far.
func (w *world) postfixLog(t *testing.T) string {
	t.Helper()
	said, err := os.ReadFile(filepath.Join(w.dir, "postfix.log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}
