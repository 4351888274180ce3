package gateway

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"helpost/smtpd"
)

// BenchmarkTake takes distinct reports of 2 KB, each with its acknowledgement and the team's notices, on many goroutines.
// The store does not flush: what is measured is the work.
func BenchmarkTake(b *testing.B) {
	h := open(b, func(h *house) { h.policy.PerAddressHour = 1 << 30 })
	peer := netip.MustParseAddr("127.0.0.1")
	body := "Nama: Rina Wijaya\r\nDivisi: Keuangan\r\nKode aset: NB-FIN-0113\r\n\r\n" + strings.Repeat("Printer macet sejak pagi, dokumen tidak bisa dicetak; sementara memakai printer lain.\r\n", 18)
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(25)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			from := fmt.Sprintf("karyawan%04d@company.com", i%2000)
			raw := fmt.Sprintf("Authentication-Results: mx.company.com; dmarc=pass header.from=company.com\r\nFrom: Karyawan <%s>\r\nTo: <helpdesk@company.com>\r\nSubject: Printer macet %d\r\nMessage-ID: <bench.%d@company.com>\r\nDate: Mon, 12 Jan 2026 09:00:00 +0700\r\n\r\n%s", from, i, i, body)
			m := smtpd.Mail{Envelope: smtpd.Envelope{Peer: peer, From: from, Rcpt: []string{helpdesk}}, Data: []byte(raw)}
			if _, err := h.g.Take(context.Background(), m); err != nil {
				b.Error(err)
			}
		}
	})
}
