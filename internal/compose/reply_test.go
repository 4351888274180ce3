package compose

import (
	"fmt"
	"strings"
	"testing"

	"helpost/internal/sop"
	"helpost/parser"
	"helpost/templates"
)

// answers are the ways in which mail clients quote what they answer: with marks, as HTML, or not at all.
func answers(header, words, text, page string) map[string]string {
	const intro = "Pada Sen, 12 Jan 2026 pukul 09.13 IT Service Desk <helpdesk@company.com> menulis:"
	return map[string]string{
		"text": header + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + words + "\n\n" + intro + "\n> " + strings.ReplaceAll(text, "\n", "\n> "),
		"HTML": header + "Content-Type: text/html; charset=utf-8\r\n\r\n<div>" + words + "</div><br><div class=\"gmail_quote\"><div class=\"gmail_attr\">" +
			"Pada Sen, 12 Jan 2026 pukul 09.13 IT Service Desk menulis:</div><blockquote class=\"gmail_quote\">" + page + "</blockquote></div>",
	}
}

func TestAnAnswerToAnyNoticeIsReadWithoutIt(t *testing.T) {
	reading, err := parser.New(parser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const words = "Sudah kami cek semuanya kemarin sore."
	for name, d := range templates.Samples() {
		j := job()
		j.Data, j.To = d, sop.Person{Address: "rina@company.com", Name: d.To.Name}
		if d.Ref == "" {
			j.Number = 0
		}
		_, m, e := read(t, j)
		text := strings.ReplaceAll(e.Text, "\r\n", "\n")
		header := fmt.Sprintf("From: andi@company.com\r\nTo: helpdesk@company.com\r\nSubject: Re: %s\r\nIn-Reply-To: %s\r\nMIME-Version: 1.0\r\n", m.Header.Get("Subject"), m.Header.Get("Message-ID"))
		for client, raw := range answers(header, words, text, e.HTML) {
			got := reading.Parse([]byte(raw))
			if strings.TrimSpace(got.NewText) != words {
				t.Errorf("%s, %s: read as %q", name, client, got.NewText)
			}
			if j.Number != 0 && !strings.Contains(got.Quoted, "ref: IT-000123-") {
				t.Errorf("%s, %s: the quote has no ref: line: %q", name, client, got.Quoted)
			}
		}
		bare := reading.Commands(&parser.Mail{NewText: words + "\n\n" + text})
		if len(bare.List) > 0 { // one that is misplaced sends nothing on, and is asked about
			t.Errorf("%s: quoted without marks its commands are obeyed: %+v", name, bare)
		}
	}
}
