package peers

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// eightBit sends what only 8BITMIME, SMTPUTF8 and a patient reader carry.
func eightBit(t *testing.T, w *world) {
	const odd = "Di layar tertulis: “Größe überschritten”, 容量不足, Ωmega."
	w.send(t, draft{from: rina, name: "Rina Wijaya ★", to: helpdesk, subject: "Kapasitas penuh", text: "Divisi: Keuangan\n\nFolder bersama tidak bisa dipakai menyimpan.\n" + odd})
	one := w.reported(t, rina, "Kapasitas penuh")
	if m, ok := one.said(odd); !ok {
		t.Errorf("not as written: %q", m.Text)
	}
	l := w.await(t, andi, one.ID, "assigned", "new")
	if !strings.Contains(l.text, odd) {
		t.Errorf("the agent reads:\n%s", l.text)
	}
	w.await(t, rina, one.ID, "ack", "missing")

	raw, _ := draft{from: jorg, name: "Jörg Hartmann", to: helpdesk, subject: "Kein Zugriff", text: "Department: Sales\n\nI can not open the shared folder, it says access denied."}.raw()
	plain(t, w.mx, jorg, helpdesk, raw)
	one = w.reported(t, jorg, "Kein Zugriff")
	w.await(t, andi, one.ID, "assigned", "new")
	if became := w.traced(t, jorg); slices.Contains(became, "dropped") { // RFC 6531: he is answered like anybody
		t.Errorf("what became of the acknowledgement: %v", became)
	}

	raw, _ = draft{from: rina, to: helpdesk, subject: "SUBJECT", text: "Divisi: Keuangan\n\nSertifikat di layar terbaca aneh."}.raw()
	plain(t, w.mx, rina, helpdesk, bytes.Replace(raw, []byte("SUBJECT"), []byte("Größe überschritten 容量"), 1)) // RFC 6532
	one = w.reported(t, rina, "Größe überschritten 容量")
	if l := w.await(t, rina, one.ID, "ack", "missing"); !strings.Contains(decoded(t, l), "Größe überschritten 容量") {
		t.Errorf("the subject came back as %q", l.get("Subject"))
	}
	w.await(t, andi, one.ID, "assigned", "new")

	var long strings.Builder
	for long.Len() < 20_000 {
		long.WriteString("kata" + string(rune('a'+rand.IntN(26))) + " ")
	}
	w.curl(t, draft{from: james, to: helpdesk, subject: "Log satu baris", text: "Divisi: Gudang\n\nAplikasi stok error, ini isi lognya:\n" + long.String() + "selesai."})
	one = w.reported(t, james, "Log satu baris")
	if words := strings.Fields(long.String()); len(one.Messages) != 1 || !containsRun(strings.Fields(one.Messages[0].Text), words) {
		t.Errorf("a line of 20,000 characters did not arrive whole")
	}
	l = w.await(t, andi, one.ID, "assigned", "new")
	for line := range bytes.Lines(l.raw) {
		if len(line) > 1000 {
			t.Errorf("helpost sends a line of %d characters", len(line))
		}
	}
	w.await(t, james, one.ID, "ack", "missing")
}

// decoded is the subject of a letter as its reader sees it.
func decoded(t *testing.T, l *letter) string {
	t.Helper()
	subject, err := l.header.Subject()
	if err != nil {
		t.Fatal(err)
	}
	return subject
}

// containsRun: some words break where a mail system had to break a line (RFC 5321 §4.5.3.1.6), so letters are compared.
func containsRun(all, run []string) bool {
	return strings.Contains(strings.Join(all, ""), strings.Join(run, ""))
}

// large sends a file of 10 MB.
func large(t *testing.T, w *world) {
	file, chance := make([]byte, 10<<20), rand.NewChaCha8([32]byte{1})
	_, _ = chance.Read(file) // never fails
	var body strings.Builder
	body.WriteString("--pemisah\nContent-Type: text/plain; charset=utf-8\n\nDivisi: Keuangan\n\nLaporan bulanan tidak bisa dibuka, filenya terlampir.\n--pemisah\n" +
		"Content-Type: application/octet-stream; name=\"laporan.dat\"\nContent-Disposition: attachment; filename=\"laporan.dat\"\nContent-Transfer-Encoding: base64\n\n")
	for chunk := range slices.Chunk(file, 57) {
		body.WriteString(base64.StdEncoding.EncodeToString(chunk) + "\n")
	}
	body.WriteString("--pemisah--")
	w.curl(t, draft{from: rina, name: "Rina Wijaya", to: helpdesk, subject: "Laporan bulanan", fields: "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=pemisah\r\n", text: body.String()})
	one := w.reported(t, rina, "Laporan bulanan")
	sum := sha256.Sum256(file)
	if a := one.Messages[0].Attachments; len(a) != 1 || a[0].Size != len(file) || a[0].SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("not the file that was sent: %+v", a)
	}
	if l := w.await(t, andi, one.ID, "assigned", "new"); !bytes.Equal(l.files["laporan.dat"], file) {
		t.Errorf("the agent has not got the file whole: %d bytes", len(l.files["laporan.dat"]))
	}
	w.await(t, rina, one.ID, "ack", "missing")
}

// repeated breaks the line at the worst moment, once before helpost and once behind it.
func repeated(t *testing.T, w *world) {
	w.settled(t)
	w.in.cuts.Store(1)
	id := w.send(t, draft{from: rina, to: helpdesk, subject: "Dua kali", text: "Divisi: Keuangan\n\nLayar saya mati sendiri, saya pakai laptop teman."})
	eventually(t, "Postfix has sent the mail again", func() bool { return slices.Contains(w.traced(t, id), "duplicate") })
	w.settled(t)
	count := 0
	for _, one := range w.tickets(t, rina) {
		if one.Subject == "Dua kali" {
			count++
		}
	}
	if count != 1 {
		t.Errorf("one mail, sent twice, is %d tickets", count)
	}
	one := w.reported(t, rina, "Dua kali")
	if len(one.Messages) != 1 {
		t.Errorf("one mail, sent twice, is %d messages", len(one.Messages))
	}

	w.out.cuts.Store(1)
	w.send(t, draft{from: james, to: helpdesk, subject: "Balasan dua kali", text: "Divisi: Gudang\n\nKeyboard saya rusak, saya pakai yang lain."})
	one = w.reported(t, james, "Balasan dua kali")
	w.settled(t)
	copies := map[string]int{}
	for _, name := range []string{james, andi} {
		kinds := map[string]string{}
		for _, l := range w.look(t, name) {
			if l.ticket() != one.ID {
				continue
			}
			copies[l.messageID()]++
			if first := kinds[l.kind()]; first != "" && first != l.messageID() {
				t.Errorf("%s has %s under two Message-IDs", name, l.kind())
			}
			kinds[l.kind()] = l.messageID()
		}
		if len(kinds) != 1 {
			t.Errorf("%s has the notices %v", name, kinds)
		}
	}
	sum := 0
	for _, n := range copies {
		sum += n
	}
	if len(copies) != 2 || sum != 3 {
		t.Errorf("two notices, one of them sent twice, came as %v", copies)
	}
}
