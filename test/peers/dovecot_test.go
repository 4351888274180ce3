package peers

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const dovecotConfiguration = `
base_dir = DIR/dovecot/run
state_dir = DIR/dovecot
log_path = DIR/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:~/Maildir
recipient_delimiter = +
passdb {
  driver = passwd-file
  args = DIR/dovecot/people
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=DIR/mail/%n
}
service imap-login {
  inet_listener imap {
    port = IMAP
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = LMTP
  }
}
service auth {
  unix_listener DIR/dovecot/sasl {
    mode = 0666
  }
}
`

// startDovecot starts Dovecot: it knows the people's passwords, keeps their mail and shows it by IMAP.
func (w *world) startDovecot(t *testing.T) {
	t.Helper()
	for _, name := range []string{"dovecot", "mail"} {
		if err := os.Mkdir(filepath.Join(w.dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	chown(t, filepath.Join(w.dir, "mail"), "nobody")
	people := ""
	for _, address := range []string{rina, james, andi} {
		people += address + ":{PLAIN}" + password + "\n"
	}
	write(t, filepath.Join(w.dir, "dovecot", "people"), people)
	file := filepath.Join(w.dir, "dovecot", "dovecot.conf")
	write(t, file, strings.NewReplacer("DIR", w.dir, "LMTP", port(w.lmtp), "IMAP", port(w.imap)).Replace(dovecotConfiguration))
	start(t, filepath.Join(w.dir, "dovecot-master.log"), nil, "dovecot", "-F", "-c", file)
	eventually(t, "Dovecot listens", func() bool { return listens(w.lmtp) && listens(w.imap) })
}

func chown(t *testing.T, path, name string) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, uid, -1); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, string(content))
}
