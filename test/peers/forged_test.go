package peers

import (
	"net/smtp"
	"strings"
	"testing"
)

// claim is what a relay writes who knows that the agent signed in; here others write it.
const claim = "Authentication-Results: mx.company.com; auth=pass smtp.auth=" + andi + "; dmarc=pass header.from=company.com\r\n"

// forged lets others write in the agent's name, each with a proof of their own making.
func forged(t *testing.T, w *world) {
	one := w.reportByForm(t, james, "Printer kasir", "Nama: James Whitfield\nDivisi: Gudang\n\nPrinter kasir macet juga. Foto errornya terlampir.")
	acknowledged(t, w, one)
	l := w.await(t, andi, one.ID, "assigned", "new")

	d := reply(t, l, andi, "#tutup iseng satu")
	d.fields = claim
	raw, _ := d.raw()
	if said, err := w.signedIn(t, rina, raw, d.to); err != nil { // as herself, with Andi's name in From
		t.Fatalf("%v\n%s", err, said)
	}
	w.untouched(t, one.ID, "iseng satu")

	d.text = "#tutup iseng dua"
	raw, _ = d.raw()
	w.arrive(t, andi, d.to, raw)
	w.untouched(t, one.ID, "iseng dua")

	d.text = "#tutup iseng tiga"
	raw, _ = d.raw()
	said, err := w.swaks(t, w.submission, andi, d.to, raw, "--auth", "PLAIN", "--auth-user", rina, "--auth-password", password)
	if err == nil {
		t.Errorf("Postfix let Rina send as Andi:\n%s", said)
	}
	if said, err := w.swaks(t, w.submission, "<>", d.to, raw, "--auth", "PLAIN", "--auth-user", rina, "--auth-password", password); err == nil {
		t.Errorf("Postfix let Rina send as nobody, without a proof of its own above hers:\n%s", said)
	}
	eventually(t, "Postfix says why it does not let Rina send as Andi", func() bool { return strings.Contains(w.postfixLog(t), "not owned by user "+rina) })
}

// untouched waits until words in the agent's name have come, and sees that they moved nothing.
func (w *world) untouched(t *testing.T, id, words string) {
	t.Helper()
	got := w.becomes(t, id, "has the words "+words, func(got ticket) bool { _, ok := got.said(words); return ok })
	if m, _ := got.said(words); got.State != "new" && got.State != "open" || !got.Suspicious || !m.Marked || m.Direction == "out" {
		t.Errorf("a forged command was obeyed, or is not marked: state %s, %+v", got.State, m)
	}
}

// uncertified comes straight to helpost, from the address of the trusted relay but without its certificate.
func uncertified(t *testing.T, w *world) {
	var one ticket
	for _, got := range w.tickets(t, james) {
		one = got
	}
	for _, l := range w.look(t, andi) {
		if l.ticket() != one.ID || l.kind() != "assigned" {
			continue
		}
		d := reply(t, l, andi, "#tutup iseng empat")
		d.fields = claim
		raw, _ := d.raw()
		if err := smtp.SendMail(w.helpost, nil, andi, []string{d.to}, raw); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("helpost shows no certificate of the company's CA: %v", err) // net/smtp insists on TLS where it is offered
		}
		plain(t, w.helpost, andi, d.to, raw)
		w.untouched(t, one.ID, "iseng empat")
		return
	}
	t.Fatalf("no letter about %s in the agent's mailbox", one.ID)
}

// plain sends a mail without TLS, with every extension that the server offers.
func plain(t *testing.T, server, from, to string, raw []byte) {
	t.Helper()
	c, err := smtp.Dial(server)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail(from); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt(to); err != nil {
		t.Fatal(err)
	}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := data.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
}
