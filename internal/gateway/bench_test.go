package gateway

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"helpost/internal/store"
	"helpost/smtpd"
)

// benchReport is a report of 2 KB, distinct by its number.
func benchReport(i int64) smtpd.Mail {
	from := fmt.Sprintf("karyawan%04d@company.com", i%2000)
	body := "Nama: Rina Wijaya\r\nDivisi: Keuangan\r\nKode aset: NB-FIN-0113\r\n\r\n" + strings.Repeat("Printer macet sejak pagi, dokumen tidak bisa dicetak; sementara memakai printer lain.\r\n", 18)
	raw := fmt.Sprintf("Authentication-Results: mx.company.com; dmarc=pass header.from=company.com\r\nFrom: Karyawan <%s>\r\nTo: <helpdesk@company.com>\r\nSubject: Printer macet %d\r\nMessage-ID: <bench.%d@company.com>\r\nDate: Mon, 12 Jan 2026 09:00:00 +0700\r\n\r\n%s", from, i, i, body)
	return smtpd.Mail{Envelope: smtpd.Envelope{Peer: netip.MustParseAddr("127.0.0.1"), From: from, Rcpt: []string{helpdesk}}, Data: []byte(raw)}
}

// benchHouse is a house that answers anybody as often as he writes; turns are taken where assigned.
func benchHouse(b *testing.B, assigned bool) *house {
	return open(b, func(h *house) { h.policy.PerAddressHour, h.policy.Teams[0].RoundRobin = 1<<30, assigned })
}

// BenchmarkTake takes distinct reports of 2 KB, each with its acknowledgement and the team's notices, on many goroutines.
// The store does not flush: what is measured is the work.
func BenchmarkTake(b *testing.B) {
	h := benchHouse(b, false)
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(25)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := h.g.Take(context.Background(), benchReport(n.Add(1))); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkStages takes the way of a report of 2 KB apart: what reading it costs, deciding it, and writing out its
// acknowledgement and the notice to the agent whose turn it is. BenchmarkTake has the commit too.
func BenchmarkStages(b *testing.B) {
	ctx := context.Background()
	for _, turn := range []bool{false, true} {
		h := benchHouse(b, turn)
		read, err := h.g.read(ctx, benchReport(1))
		if err != nil {
			b.Fatal(err)
		}
		bound, err := h.g.bind(ctx, read)
		if err != nil {
			b.Fatal(err)
		}
		one, err := h.g.decide(ctx, bound, bound.To[0], h.now, nil)
		if err != nil {
			b.Fatal(err)
		}
		kept, err := h.g.keep(ctx, Decided{Bound: bound}, &one, &store.Change{})
		if err != nil {
			b.Fatal(err)
		}
		if turn {
			b.Run("read", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := h.g.read(ctx, read.Received); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("decide", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					bound, err := h.g.bind(ctx, read)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := h.g.decide(ctx, bound, bound.To[0], h.now, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("change", func(b *testing.B) {
				b.ReportAllocs()
				d := Decided{Bound: bound, Decisions: []decided{one}}
				for b.Loop() {
					if _, err := h.g.change(ctx, d, h.now); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		past := h.g.past(ctx, one.Drafts)
		for i := range one.Notices {
			n := &one.Notices[i]
			b.Run(fmt.Sprintf("notice/%s.%d", n.Kind, i), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := h.g.compose(&one, n, kept, past, h.now); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
