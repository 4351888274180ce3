package parser

import (
	"strings"
	"testing"

	"helpost/internal/sop"
)

// What an agent means for the desk alone stays there, whatever his mail program puts before, within or behind the number
// sign: the line is a command, or it is asked about. It is never passed over.
func TestNoCommandIsPassedOver(t *testing.T) {
	p := newParser(t, Options{})
	read := func(text string) Commands {
		m := p.Parse([]byte("From: andi@company.com\nSubject: Re: [IT-000123] Printer\nIn-Reply-To: <x@company.com>\nContent-Type: text/plain; charset=utf-8\n\n" + text))
		return p.Commands(m)
	}
	const words = "Unitnya dirusak sendiri."
	for name, mark := range map[string]string{
		"joiner": "\u2060", "soft hyphen": "\u00ad", "right to left": "\u202e", "isolate": "\u2068", "end of direction": "\u202c", "left to right mark": "\u200e",
		"zero width": "\u200b", "byte order mark": "\ufeff", "no-break blank": "\u00a0", "Hangul filler": "\u3164", "Braille blank": "\u2800",
		"grapheme joiner": "\u034f", "variation": "\ufe0f", "backspace": "\b", "delete": "\x7f", "separator": "\u2063",
	} {
		for _, text := range []string{mark + "#catatan\n" + words, "#" + mark + "catatan\n" + words, "#catatan" + mark + "\n" + words, words + "\n\n" + mark + "#catatan" + mark} {
			c := read(text)
			if asked := c.Unknown != "" || c.Misplaced != ""; !asked && (len(c.List) != 1 || c.List[0].Name != sop.Note || c.Body != words) {
				t.Errorf("%s: %q is read as %+v", name, text, c)
			}
		}
	}
	for _, text := range []string{
		"*#catatan*\n" + words, words + "\n\n*#catatan*", "**#catatan**\n" + words, "_#catatan_\n" + words, "`#catatan`\n" + words, "﹟catatan\n" + words, "＃ｃａｔａｔａｎ\n" + words,
		words + "\n\n#ｃａｔａｔａｎ", "#️⃣catatan\n" + words, words + "\u2028#catatan", words + "\v#catatan", "#catatan\u2028" + words, "#catatan\f" + words,
	} {
		if c := read(text); len(c.List) != 1 || c.List[0].Name != sop.Note || c.Body != words || c.Unknown+c.Misplaced != "" {
			t.Errorf("%q is read as %+v", text, c)
		}
	}
	if c := read("*#kategori printer*\n" + words); len(c.List) != 1 || c.List[0].Args != "printer" {
		t.Errorf("bold, with an argument: %+v", c)
	}
	for _, text := range []string{"- #catatan\n" + words, "• #catatan\n" + words, "1. #catatan\n" + words, "(#catatan)\n" + words, "\"#catatan\"\n" + words, "🔒 #catatan\n" + words, "##catatan\n" + words, "###catatan\n" + words, words + "\n- #catatan",
		words + "\n\n- #catatan: " + words, strings.Repeat("log\n", maxReadableLines) + "#catatan"} {
		if c := read(text); c.Misplaced != "note" || c.Line == 0 {
			t.Errorf("%q is read as %+v", text[:min(len(text), 60)], c)
		}
	}
	for _, text := range []string{words + "\n\n#catatan-internal", words + "\n\n#catat", "#catatan-internal\n" + words} {
		if c := read(text); c.Unknown == "" {
			t.Errorf("%q is read as %+v", text, c)
		}
	}
	for _, text := range []string{"## Catatan\n" + words, "### Status\n" + words, "- # satu\n" + words, "5#catatan\n" + words, "C# note\n" + words, "tulis #catatan di sini", words + "\n\n#helpdeskhebat", strings.Repeat("#", 200_000)} {
		if c := read(text); len(c.List) > 0 || c.Unknown+c.Misplaced != "" {
			t.Errorf("%q is read as %+v", text[:min(len(text), 60)], c)
		}
	}
}

func TestFlowedLinesKeepCommandsApart(t *testing.T) {
	m := newParser(t, Options{}).Parse([]byte("From: a@company.com\nContent-Type: text/plain; format=flowed\n\nSatu \ndua \n#catatan\n"))
	if want := "Satu dua \n#catatan"; strings.TrimRight(m.Text, "\n") != want {
		t.Errorf("%q, want %q", m.Text, want)
	}
}
