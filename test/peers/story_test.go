package peers

import (
	"bytes"
	"image"
	"image/png"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// jorg writes from an address with a letter beyond ASCII.
const jorg = "jörg@company.com"

// picture is a screenshot: a picture as large as a window.
var picture = func() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 800, 600))); err != nil {
		panic(err) // cannot be: a buffer takes everything
	}
	return b.Bytes()
}()

// Everything happens by mail alone: report, acknowledgement, answers there and back, fix, confirmation.
func TestByMailAlone(t *testing.T) {
	w := newWorld(t, false)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"a report by swaks becomes a ticket and closes by the reporter's word, beside another of the same subject", story},
		{"nobody speaks as an agent who did not sign in as that agent", forged},
		{"a notice to a mailbox that is gone comes back as undeliverable, and its answer no longer counts", bounced},
		{"what mail systems send by themselves makes no ticket and no answer", looped},
		{"text in eight bits, addresses beyond ASCII and long lines arrive whole", eightBit},
		{"an attachment of ten megabytes arrives whole, there and with the agent", large},
		{"a mail that a server sends twice is one ticket; a notice sent twice has one Message-ID", repeated},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.run(t, w); w.settled(t) }) {
			break // they share the mailboxes
		}
	}
}

// The same under TLS on every leg, where helpost knows Postfix by its certificate alone.
func TestUnderTLS(t *testing.T) {
	w := newWorld(t, true)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"a report by swaks becomes a ticket and closes by the reporter's word, beside another of the same subject", story},
		{"all legs were under TLS", underTLS},
		{"who connects without the certificate is believed nothing", uncertified},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.run(t, w); w.settled(t) }) {
			break
		}
	}
}

const subject = "Printer macet"

// story plays two tickets of one subject side by side.
func story(t *testing.T, w *world) {
	first := w.reportByForm(t, rina, subject, "Nama: Rina Wijaya\nDivisi: Keuangan\n\nPrinter di lantai 3 macet, tidak bisa cetak. Foto errornya terlampir.")
	second := w.reportByForm(t, james, subject, "Nama: James Whitfield\nDivisi: Gudang\n\nPrinter label di gudang macet, kami pakai yang lain dulu. Foto errornya terlampir.")
	if first.ID == second.ID {
		t.Fatalf("two people's reports are one ticket, %s", first.ID)
	}
	assigned := map[string]*letter{}
	for _, one := range []ticket{first, second} {
		acknowledged(t, w, one)
		l := w.await(t, andi, one.ID, "assigned", "new")
		if !bytes.Equal(l.files["error.png"], picture) {
			t.Errorf("the agent did not get the picture of %s whole", one.ID)
		}
		assigned[one.ID] = l
	}

	w.send(t, reply(t, assigned[second.ID], andi, "#ambil\nPak James, kami cek gudang sebentar lagi."))
	w.curl(t, reply(t, assigned[first.ID], andi, "#ambil\nMbak Rina, saya ke lantai 3 sekarang."))
	for id, words := range map[string]string{first.ID: "saya ke lantai 3 sekarang", second.ID: "kami cek gudang sebentar lagi"} {
		got := w.becomes(t, id, "is answered", func(got ticket) bool { return got.RespondedAt != nil })
		if m, ok := got.said(words); !ok || m.Kind != "agent" || m.Direction != "out" || len(got.Messages) != 2 {
			t.Errorf("%s does not have the agent's words, or others: %+v", id, got.Messages)
		}
		if got.Assignee == nil || *got.Assignee != andi || got.State != "open" || got.Suspicious {
			t.Errorf("after #ambil: %+v", got)
		}
	}
	answered := w.await(t, rina, first.ID, "reply")
	if !strings.Contains(answered.text, "saya ke lantai 3 sekarang") || strings.Contains(answered.text, "#ambil") {
		t.Errorf("the agent's answer as Rina reads it:\n%s", answered.text)
	}
	w.curl(t, reply(t, answered, rina, "Baik, saya tunggu. Merk printernya Epson."))
	update := w.await(t, andi, first.ID, "update")
	w.becomes(t, first.ID, "has Rina's words", func(got ticket) bool {
		m, ok := got.said("Merk printernya Epson")
		return ok && m.Kind == "comment" && !m.Marked
	})

	w.send(t, reply(t, update, andi, "#selesai\nRol penarik sudah diganti."))
	resolved := w.await(t, rina, first.ID, "resolved")
	w.becomes(t, first.ID, "is resolved", func(got ticket) bool { return got.State == "resolved" })
	w.send(t, reply(t, resolved, rina, "sudah bisa, makasih"))
	w.becomes(t, first.ID, "is closed", func(got ticket) bool { return got.State == "closed" })
	w.await(t, rina, first.ID, "closed")
	if other := w.ticket(t, second.ID); other.State != "open" || len(other.Messages) != 2 {
		t.Errorf("what was said about %s changed %s: %+v", first.ID, second.ID, other)
	}
}

// reportByForm reports as a person does with a mail client: swaks makes the mail.
func (w *world) reportByForm(t *testing.T, from, subject, text string) ticket {
	t.Helper()
	file := filepath.Join(w.dir, "error.png")
	write(t, file, string(picture))
	args := []string{
		"--server", w.submission, "--auth", "PLAIN", "--auth-user", from, "--auth-password", password,
		"--from", from, "--to", helpdesk, "--header", "Subject: " + subject, "--body", text,
		"--attach-type", "image/png", "--attach-name", "error.png", "--attach", "@" + file, "--hide-all",
	}
	if w.tls != nil {
		args = append(args, "--tls")
	}
	if said, err := exec.Command("swaks", args...).CombinedOutput(); err != nil {
		t.Fatalf("swaks: %v\n%s", err, said)
	}
	got := w.reported(t, from, subject)
	if got.State != "new" || got.Suspicious || len(got.Messages) != 1 || got.Messages[0].Marked {
		t.Fatalf("a signed-in person's report: %+v", got)
	}
	return got
}

// acknowledged checks the acknowledgement as it lies in the reporter's mailbox.
func acknowledged(t *testing.T, w *world, one ticket) {
	t.Helper()
	ack := w.await(t, one.Reporter.Address, one.ID, "ack")
	verp := strings.Trim(ack.get("Return-Path"), "<>") // as Dovecot got it from Postfix
	answers := ack.address(t, "Reply-To")
	for _, address := range []string{verp, answers} {
		if !strings.HasPrefix(address, "helpdesk+") || !strings.HasSuffix(address, "@company.com") {
			t.Errorf("an address without its token: %q", address)
		}
	}
	if verp == answers {
		t.Errorf("bounces and answers come to the same address, %s", verp)
	}
	if ack.get("Auto-Submitted") != "auto-replied" || ack.get("In-Reply-To") == "" || !strings.Contains(ack.get("Subject"), "["+one.ID+"] ") {
		t.Errorf("headers of an acknowledgement:\n%s", ack.raw[:min(len(ack.raw), 3000)])
	}
}

// underTLS looks at both servers' word on each leg: Postfix's on those it began, the header it wrote on those that it took.
func underTLS(t *testing.T, w *world) {
	for _, leg := range []string{
		"Verified TLS connection established to 127.0.0.1[127.0.0.1]:" + port(w.in.address),
		"relay=127.0.0.1[127.0.0.1]:" + port(w.in.address) + ", ",
	} {
		eventually(t, "the log says "+leg, func() bool { return strings.Contains(w.postfixLog(t), leg) })
	}
	for _, name := range []string{rina, andi} {
		for _, l := range w.look(t, name) {
			if !bytes.Contains(l.raw, []byte("with ESMTPS")) {
				t.Errorf("helpost gave %s to Postfix in plaintext", l.kind())
			}
		}
	}
}
