package checkup

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"helpost/internal/config"
)

// storeFile looks whether the store can be opened. One that a running daemon holds is fine. Nothing is made or changed.
func storeFile(c *config.Config) Finding {
	path := c.Store.Path
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return roomFor("store", path)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: 100 * time.Millisecond})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return Finding{Fine, "store", path + " is in use by a running helpost"}
	case err != nil:
		return Finding{Unreachable, "store", fmt.Sprintf("%s: %v", path, err)}
	}
	if err := db.Close(); err != nil {
		return Finding{Unreachable, "store", fmt.Sprintf("%s: %v", path, err)}
	}
	if f, err := os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return Finding{Unreachable, "store", err.Error()}
	} else if err := f.Close(); err != nil {
		return Finding{Unreachable, "store", err.Error()}
	}
	return Finding{Fine, "store", path}
}

func blobs(c *config.Config) Finding {
	info, err := os.Stat(c.Blobs.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return roomFor("blobs", c.Blobs.Dir)
	case err != nil:
		return Finding{Unreachable, "blobs", err.Error()}
	case !info.IsDir():
		return Finding{Unreachable, "blobs", c.Blobs.Dir + " is no folder"}
	}
	if err := writable(c.Blobs.Dir); err != nil {
		return Finding{Unreachable, "blobs", err.Error()}
	}
	return Finding{Fine, "blobs", c.Blobs.Dir}
}

// roomFor looks whether something that is not there yet can be made.
func roomFor(what, path string) Finding {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return Finding{Unreachable, what, fmt.Sprintf("%s cannot be made: make the folder %s and give it to the user that helpost runs as", path, dir)}
	}
	if err := writable(dir); err != nil {
		return Finding{Unreachable, what, fmt.Sprintf("%s cannot be made: %v; the folder %s must be the user's that helpost runs as", path, err, dir)}
	}
	return Finding{Fine, what, path + " will be made at the first start"}
}

// writable says why no file can be made in a folder, by making one and taking it away again.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".helpost-check-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// expiring is how long before its end a certificate is worth a word.
const expiring = 21 * 24 * time.Hour

// certificate looks at the pair for STARTTLS.
func certificate(c *config.Config, now time.Time) []Finding {
	if c.SMTP.TLSCert == "" {
		return []Finding{{Hint, "tls", "no tls_cert under [smtp]: mail comes in unencrypted"}}
	}
	pair, err := tls.LoadX509KeyPair(c.SMTP.TLSCert, c.SMTP.TLSKey)
	if err != nil {
		return []Finding{{Wrong, "tls", fmt.Sprintf("%s with %s: %v", c.SMTP.TLSCert, c.SMTP.TLSKey, err)}}
	}
	day := pair.Leaf.NotAfter.Format("2 January 2006")
	switch {
	case now.After(pair.Leaf.NotAfter):
		return []Finding{{Unreachable, "tls", fmt.Sprintf("%s ran out on %s; get a new one", c.SMTP.TLSCert, day)}}
	case now.Before(pair.Leaf.NotBefore):
		return []Finding{{Unreachable, "tls", fmt.Sprintf("%s is not valid before %s", c.SMTP.TLSCert, pair.Leaf.NotBefore.Format("2 January 2006"))}}
	}
	found := []Finding{{Fine, "tls", fmt.Sprintf("%s is valid until %s", c.SMTP.TLSCert, day)}}
	if now.Add(expiring).After(pair.Leaf.NotAfter) {
		found[0].Level, found[0].Text = Hint, fmt.Sprintf("%s runs out soon, on %s", c.SMTP.TLSCert, day)
	}
	if err := pair.Leaf.VerifyHostname(c.SMTP.Hostname); err != nil {
		found = append(found, Finding{Hint, "tls", fmt.Sprintf("%s is not for hostname %s: %v", c.SMTP.TLSCert, c.SMTP.Hostname, err)})
	}
	return found
}
