package mailer

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"helpost/internal/store"
	"helpost/internal/store/bolt"
)

// BenchmarkMails sends mails of 0.4 KB from a store on disk to a relay in the same process, over kept connections;
// the relay's work and allocations are in the figures.
func BenchmarkMails(b *testing.B) {
	for name, signer := range map[string]func() *Signer{
		"unsigned": func() *Signer { return nil },
		"ed25519":  func() *Signer { return &Signer{selector: "s", key: edKey(b)} },
		"rsa2048":  func() *Signer { return &Signer{selector: "s", key: rsaKey(b)} },
	} {
		b.Run(name, func(b *testing.B) {
			s, err := bolt.Open(filepath.Join(b.TempDir(), "helpost.db"), bolt.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			relay := newRelay(b)
			relay.discard = true
			cfg := Config{Address: relay.start().addr, TLS: NoTLS, DKIM: signer()}
			m, err := New(cfg, s, blobs{}, &failures{store: s}, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
			if err != nil {
				b.Fatal(err)
			}
			var c store.Change
			for i := range b.N {
				r := row(i)
				r.Made, r.NextTry = time.Now(), time.Now()
				c.Outbox = append(c.Outbox, r)
			}
			if err := s.Commit(context.Background(), c); err != nil {
				b.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan error, 1)
			b.ReportAllocs()
			b.ResetTimer()
			go func() { done <- m.Run(ctx) }()
			for m.State().Sent < uint64(b.N) {
				time.Sleep(time.Millisecond)
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
			stop()
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		})
	}
}
