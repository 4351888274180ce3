package api

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"helpost/internal/blob/dir"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
	"helpost/internal/store/storetest"
	"helpost/smtpd"
)

const apiToken = "rahasia-token-0123456789"

// desk carries verbs out on the store itself, and keeps the mails it is given.
type desk struct {
	store store.Store
	mu    sync.Mutex
	mails []smtpd.Mail
	fails error // what Take answers
}

func (d *desk) Rcpt(_ context.Context, _ smtpd.Envelope, rcpt string) error {
	if !strings.HasSuffix(rcpt, "@company.com") {
		return &smtpd.Error{Kind: smtpd.NoRelay, Text: "we do not relay"}
	}
	return nil
}

func (d *desk) Take(_ context.Context, m smtpd.Mail) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mails = append(d.mails, m)
	return "IT-000042", d.fails
}

func (d *desk) queued(ctx context.Context, ids []uint64) ([]uint64, error) {
	var all []uint64
	err := d.store.View(ctx, func(r store.Reader) error {
		found, err := r.Queue(0, 10_000)
		for _, o := range found {
			all = append(all, o.ID)
		}
		return err
	})
	if err != nil || len(ids) == 0 {
		return all, err
	}
	for _, id := range ids {
		if !contains(all, id) {
			return nil, store.ErrNotFound
		}
	}
	return ids, nil
}

func contains(all []uint64, id uint64) bool {
	for _, one := range all {
		if one == id {
			return true
		}
	}
	return false
}

func (d *desk) Retry(ctx context.Context, ids []uint64) (int, error) {
	rows, err := d.queued(ctx, ids)
	if err != nil {
		return 0, err
	}
	var c store.Change
	for _, id := range rows {
		c.Defer = append(c.Defer, store.Deferral{ID: id, NextTry: storetest.Start})
	}
	return len(rows), d.store.Commit(ctx, c)
}

func (d *desk) Drop(ctx context.Context, id uint64) error {
	if _, err := d.queued(ctx, []uint64{id}); err != nil {
		return err
	}
	return d.store.Commit(ctx, store.Change{Done: []uint64{id}})
}

func (d *desk) Release(ctx context.Context, id string) (string, error) {
	err := d.store.Commit(ctx, store.Change{Release: []string{id}})
	if errors.Is(err, store.ErrConflict) {
		return "", store.ErrNotFound
	}
	return "IT-000043", err
}

// world is a server over a store of a real file.
type world struct {
	*Server
	desk  *desk
	blobs *dir.Store
}

func newWorld(t testing.TB) *world {
	t.Helper()
	s, err := bolt.Open(filepath.Join(t.TempDir(), "helpost.db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := &world{desk: &desk{store: s}}
	w.Server = New(Options{Store: s, Desk: w.desk, Prefix: "IT", Token: apiToken, MaxMail: 1 << 20})
	return w
}

func (w *world) commit(t testing.TB, c store.Change) {
	t.Helper()
	if err := w.Store.Commit(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

// reports commits tickets from..to, a minute apart.
func (w *world) reports(t testing.TB, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		w.commit(t, storetest.Mail(sop.Number(n), storetest.Reporter(n), storetest.At(60*n), []byte("Subject: x\r\n\r\nisi\r\n"), []byte("Subject: y\r\n\r\n")))
	}
}

// ask sends a request to the public side, with the API's token.
func (w *world) ask(method, target string) *httptest.ResponseRecorder {
	return w.asking(method, target, "Bearer "+apiToken)
}

func (w *world) asking(method, target string, authorization ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Header["Authorization"] = authorization
	a := httptest.NewRecorder()
	w.Public().ServeHTTP(a, r)
	return a
}

// withFile commits a ticket whose report has a file in its raw mail, in base64, and one in a blob.
func (w *world) withFile(t testing.TB, n sop.Number, inMail, inBlob store.Attachment, small, large []byte) {
	t.Helper()
	head := "Content-Transfer-Encoding: base64\r\n\r\n"
	encoded := base64.StdEncoding.EncodeToString(small)
	blobs, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w.blobs, w.Blobs = blobs, blobs
	names, err := blobs.Put(context.Background(), large)
	if err != nil {
		t.Fatal(err)
	}
	inMail.Size, inBlob.Size = int64(len(small)), int64(len(large))
	inMail.Ref = store.Ref{Ticket: n, Message: 1, Offset: int64(len(head)), Length: int64(len(encoded)), Encoding: "base64"}
	inBlob.Ref = store.Ref{Blob: names[0]}
	c := storetest.Mail(n, storetest.Reporter(int(n)), storetest.Start, []byte(head+encoded+"\r\n"), []byte("x"))
	c.Messages[0].Attachments = []store.Attachment{inMail, inBlob}
	w.commit(t, c)
}

func wantProblem(t *testing.T, what string, a *httptest.ResponseRecorder, status int) {
	t.Helper()
	if a.Code != status || a.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(a.Body.String(), `"status":`+itoa(status)) {
		t.Errorf("%s: %d %s %s, want a problem %d", what, a.Code, a.Header().Get("Content-Type"), a.Body, status)
	}
}

func itoa(n int) string {
	return string(rune('0'+n/100)) + string(rune('0'+n/10%10)) + string(rune('0'+n%10))
}

// running serves the control side on a socket in a short path until the test ends.
func (w *world) running(t *testing.T) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "c.sock")
	l, err := ListenControl(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.ServeControl(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serving ended with %v", err)
		}
	})
	return socket
}

var _ http.RoundTripper = direct{}

const patience = 20 * time.Second
