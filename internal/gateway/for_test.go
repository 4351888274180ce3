package gateway

import (
	"testing"

	"helpost/internal/sop"
)

// The zone at the bottom leaves out a signature by name alone, also where From has none: the desk knows its agents.
func TestASignatureByTheAgentsName(t *testing.T) {
	for _, name := range []string{"", "Andi Saputra"} {
		h := open(t)
		h.report(letter{})
		in := h.only(sop.KindNew, andi).answer(andi, "Driver sudah dipasang ulang.\r\n\r\n#kategori printer\r\n\r\nAndi Saputra\r\nIT Service Desk")
		in.name = name
		h.mustTake(in)
		if got := h.ticket(1).Category; got != "printer" {
			t.Fatalf("From %q: category %q, %v", name, got, h.kinds(andi))
		}
		if got := h.messages(1)[1].Text; got != "Driver sudah dipasang ulang." {
			t.Fatalf("From %q: %q went on", name, got)
		}
	}
}

// Somebody who has reported before calls: his ticket is made, and what he once said of himself is still known.
func TestACallOfSomebodyKnown(t *testing.T) {
	for name, do := range map[string]func(h *house){
		"a new mail": func(h *house) {
			h.mustTake(letter{from: andi, subject: "Telepon", text: "#untuk " + rina + "\r\nOutlook mati.\r\n"})
		},
		"a ticket that is there": func(h *house) {
			n := h.report(letter{from: budi, subject: "Instalasi AutoCAD", text: "Nama: Budi\r\nDivisi: Gudang\r\n\r\nMohon dipasang AutoCAD.\r\n"}).Number
			for _, new := range h.sent(sop.KindNew, andi) {
				if new.Ticket == n {
					h.mustTake(new.answer(andi, "#untuk "+rina))
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			h.report(letter{})
			do(h)
			all := h.tickets()
			if got := all[len(all)-1]; len(all) != 2 || got.Reporter.Address != rina {
				t.Fatalf("%d tickets, the last one of %s", len(all), got.Reporter.Address)
			}
			again := h.report(letter{subject: "Instalasi AutoCAD", text: "Mohon dipasang AutoCAD di laptop saya.\r\n"})
			if again.Reporter.Department != "Keuangan" {
				t.Fatal("what she had said of herself was forgotten")
			}
		})
	}
}
