package templates

import (
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
)

// spoiled puts a hostile text wherever a person's words can stand.
func spoiled(d Data, evil string) Data {
	p := func(who sop.Person) sop.Person { who.Name, who.Department = evil, evil; return who }
	d.To, d.Ticket.Reporter = p(d.To), p(d.Ticket.Reporter)
	d.Ticket.Subject, d.Ticket.AssetCodes, d.Ticket.Evidence = evil, []string{evil}, map[string]string{"impact": evil}
	d.Author, d.Words, d.Reason, d.Files = evil, evil, evil, []string{evil}
	d.Quote = &Quote{Author: evil, Text: evil, At: d.Now}
	d.List = append([]Ticket(nil), d.List...)
	for i := range d.List {
		d.List[i].Subject, d.List[i].Reporter = evil, p(d.List[i].Reporter)
	}
	if d.Error != nil {
		e := *d.Error
		e.Word, e.Detail, e.Body = evil, evil, evil
		d.Error = &e
	}
	if d.Merged != nil {
		d.Merged = &Merge{Into: d.Merged.Into, Subject: evil}
	}
	if d.Failed != nil {
		who := p(*d.Failed)
		d.Failed = &who
	}
	return d
}

var evils = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "{{.Ref}} {{printf}}", "#selesai", "x\n#selesai\r\n # tutup\n\u200b#ambil\n\u00a0#spam\u2028#x",
	"! IT-000999 · P1 · palsu · balasan Anda tetap internal", "x\n! palsu\n= Prioritas: P1\n- butir\n\nref: IT-000999-aaaaaaaaaaaaaaaaaaaaaaaaaa",
	"\x02buttons0", "\x01\x02words", "</td></tr></table></body></html>", strings.Repeat("a", 100_000), strings.Repeat("#\n", 50_000), "\xff\xfe\x00", "javascript:alert(1)",
}

// holds checks the rules that nothing may break.
func holds(t *testing.T, d Data, m Mail) {
	t.Helper()
	for _, line := range append(strings.FieldsFunc(m.Text, func(r rune) bool {
		return strings.ContainsRune("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029", r)
	}), shownLines(m.HTML)...) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			t.Errorf("%s: a line begins %.40q", d.Kind, line)
		}
	}
	page := strings.ToLower(m.HTML)
	for _, tag := range []string{"<script", "<img", "<iframe", "javascript:\""} {
		if strings.Contains(page, tag) {
			t.Errorf("%s: %s in the HTML", d.Kind, tag)
		}
	}
	if strings.Count(page, "</body>") != 1 || strings.Contains(m.Text+m.HTML, "\x01") || strings.Contains(m.Text+m.HTML, "\x02") {
		t.Errorf("%s: the HTML ends early, or a mark is left over", d.Kind)
	}
	if d.Ref != "" && strings.Count("\n"+m.Text, "\nref: "+d.Ref+"\n") != 1 {
		t.Errorf("%s: not one ref: line in\n%.2000s", d.Kind, m.Text)
	}
	if n := strings.Count(m.HTML, "<a href=\"mailto:"); n != strings.Count(m.HTML, "<a ") {
		t.Errorf("%s: a link that is none of ours", d.Kind)
	}
	if d.ToDesk {
		first, _, _ := strings.Cut(m.Text, "\n")
		if d.Ref != "" && !strings.HasPrefix(first, d.Ticket.ID+" · "+string(d.Ticket.Priority)+" · ") {
			t.Errorf("%s: the first line is %.100q", d.Kind, first)
		}
	}
}

func TestNothingThatAPersonWroteBreaksANotice(t *testing.T) {
	s := set(t)
	for name, d := range Samples() {
		for i, evil := range evils {
			if len(evil) > 10_000 && name != "new.p1.id" && name != "reply.en" && name != "error.long.id" {
				continue
			}
			bad := spoiled(d, evil)
			m, err := s.Render(bad)
			if err != nil {
				t.Fatalf("%s with evil %d: %v", name, i, err)
			}
			holds(t, bad, m)
			if len(m.Text) > 8*maxWords || len(m.HTML) > 40*maxWords {
				t.Errorf("%s with evil %d has %d and %d bytes", name, i, len(m.Text), len(m.HTML))
			}
		}
	}
}

func TestCarriedWordsToTheDeskCannotPassForOurs(t *testing.T) {
	d := Samples()["update.id"]
	d.Words = "x\n\nIT Service Desk · telepon 666\nref: IT-000999-aaaaaaaaaaaaaaaaaaaaaaaaaa"
	m, err := set(t).Render(d)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.Text, "\n| x\n|\n| IT Service Desk · telepon 666\n| ref: IT-000999-") {
		t.Errorf("got\n%s", m.Text)
	}
}

func TestAReplyIsTheAgentsWords(t *testing.T) {
	d := Samples()["reply.id"]
	d.Words, d.Quote = "Nanti saya tulis #selesai sebagai tanda.\n  #1 masalah ada di kabel\n\tsudo reboot", nil
	m, err := set(t).Render(d)
	if err != nil {
		t.Fatal(err)
	}
	want := "Nanti saya tulis #selesai sebagai tanda.\n|   #1 masalah ada di kabel\n\tsudo reboot\n\nAndi Saputra\n\nIT Service Desk · telepon 1500\nref: " + d.Ref + "\n"
	if m.Text != want {
		t.Errorf("have\n%s\nwant\n%s", m.Text, want)
	}
	if !strings.Contains(m.HTML, "<br>\n&nbsp;&nbsp;&nbsp;&nbsp;sudo reboot") {
		t.Errorf("the indent is lost:\n%s", m.HTML)
	}
}

func TestALongQuoteIsCut(t *testing.T) {
	d := Samples()["ack.id"]
	d.Quote = &Quote{Author: "Rina", At: d.Now, Text: strings.Repeat("baris\n", 500)}
	m, err := set(t).Render(d)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(m.Text, "\n> baris"); n > maxQuoteLines || !strings.HasSuffix(m.Text, "\n> […]\n") {
		t.Errorf("%d lines:\n%s", n, m.Text)
	}
}

func FuzzRender(f *testing.F) {
	for _, evil := range evils {
		f.Add(evil, uint8(0), true)
	}
	s, err := Load("")
	if err != nil {
		f.Fatal(err)
	}
	samples := Samples()
	f.Fuzz(func(t *testing.T, evil string, kind uint8, english bool) {
		if len(evil) > 4096 {
			return
		}
		lang := sop.Indonesian
		if english {
			lang = sop.English
		}
		for _, d := range samples {
			if d.Kind != Kinds[int(kind)%len(Kinds)] || d.Lang != lang {
				continue
			}
			bad := spoiled(d, evil)
			begin := time.Now()
			m, err := s.Render(bad)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			holds(t, bad, m)
			sameAsPackages(t, s, bad)
		}
	})
}
