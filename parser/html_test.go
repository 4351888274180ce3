package parser

import (
	"strings"
	"testing"
)

func TestHTMLAsText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"paragraphs", "<p>satu</p><p>dua</p>", "satu\n\ndua"},
		{"Outlook's paragraphs", `<p class=MsoNormal>satu</p><p class=MsoNormal>dua</p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>tiga</p>`, "satu\ndua\n\ntiga"},
		{"Gmail's lines", `<div dir="ltr">satu<div>dua</div><div><br></div><div>tiga</div></div>`, "satu\ndua\n\ntiga"},
		{"breaks", "satu<br>dua<br/><br><br><br>tiga", "satu\ndua\n\ntiga"},
		{"blanks are one", " satu \n  dua\t<b> tiga</b>empat ", "satu dua tigaempat"},
		{"preformatted", "<pre>a  b\n   c</pre>", "a  b\n   c"},
		{"entities", "a &amp; b &lt;c&gt; &eacute;", "a & b <c> é"},
		{"lists", "<ul><li>a<li>b<ol start=3><li>c<li>d</ol></ul>", "- a\n- b\n  3. c\n  4. d"},
		{"pairs", "<table><tr><td>Nama<td>Rina<tr><td>Divisi<td>Keuangan</table>", "Nama: Rina\nDivisi: Keuangan"},
		{"pairs with a colon between", "<table><tr><td>Nama</td><td>:</td><td>Rina</td></tr></table>", "Nama: Rina"},
		{"pairs of paragraphs", "<table><tr><td><p>Nama:</p></td><td><p>Rina</p><p>Wijaya</p></td></tr></table>", "Nama: Rina\n\nWijaya"},
		{"columns", "<table><tr><th>No<th>Aset<tr><td>1<td>NB-1<tr><td>2<td>NB-2<br>baru</table>", "No | Aset\n1 | NB-1\n2 | NB-2 baru"},
		{"a table for layout", "<table><tr><td><p>Halo Bu,</p><p>printer macet.</p></td></tr></table>", "Halo Bu,\n\nprinter macet."},
		{"a table in a table", "<table><tr><td><table><tr><td>Nama<td>Rina<tr><td>Aset<td>NB-1</table></td></tr></table>akhir", "Nama: Rina\nAset: NB-1\nakhir"},
		{"links", `<a href="https://a.example/b">petunjuk</a>, <a href="https://a.example">https://a.example</a>, <a href="mailto:x@y.example?subject=z">tulis</a>, <a href="javascript:x">klik</a>`, "petunjuk <https://a.example/b>, https://a.example, tulis <x@y.example>, klik"},
		{"what nobody sees", `<head><title>x</title><style>p{}</style></head>a<script>x</script><div style="display: none">x<div>y</div></div><span hidden>x</span><span style="font-size:0px">x</span><!-- x --><img src=x width=1 height=1 alt="logo">b`, "ab"},
		{"emoji as pictures", `Oke <img alt="👍" src=x>`, "Oke 👍"},
		{"nothing closed", "<div><p>a<div>b<table><tr><td>c", "a\nb\nc"},
		{"closed twice", "a</div></div></table></ul></blockquote>b", "a\nb"},
		{"no page at all", "a < b dan c > d", "a < b dan c > d"},
		{"soft hyphens and zero width", "pri\u00adnter\u200b", "printer"},
		{"nothing", "", ""},
	} {
		if got := readHTML(c.in).Text; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Each mail program marks its quotes in a way of its own.
func TestHTMLQuotes(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"Gmail", `<div>baru</div><div class="gmail_quote gmail_quote_container"><div class="gmail_attr">Pada Sen X menulis:</div><blockquote class="gmail_quote">lama</blockquote></div>`, "Pada Sen X menulis:\nlama"},
		{"Gmail, the answer below", `<div class="gmail_quote">lama</div><div>baru</div>`, "lama"},
		{"an indented paragraph of Gmail", `<blockquote class="gmail_quote" style="margin: 0 0 0 40px; border: none; padding: 0px">maju</blockquote>`, ""},
		{"Outlook on the web", `<div>baru</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> X</div><div>lama</div>`, "From: X\nlama"},
		{"Outlook", `<p>baru</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>Dari:</b> X</p></div><p>lama</p>`, "Dari: X\n\nlama"},
		{"a ruled block that is no head", `<p>baru</p><div style='border-top:solid #E1E1E1 1.0pt'><p>Catatan saya</p></div>`, ""},
		{"Apple Mail", `<div>baru<br><blockquote type="cite"><div>On X wrote:</div>lama</blockquote></div>`, "On X wrote:\nlama"},
		{"Thunderbird", `<p>baru</p><div class="moz-cite-prefix">On X wrote:</div><blockquote type="cite" cite="mid:a">lama</blockquote><p>di bawah</p>`, "On X wrote:|lama"},
		{"Yahoo", `<div>baru</div><div id="yahoo_quoted_12" class="ydp1yahoo_quoted">lama</div>`, "lama"},
		{"Zimbra", `<div>baru</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From:</b> X</div><div data-marker="__QUOTED_TEXT__">lama</div>`, "From: X\nlama"},
		{"never closed", `<div>baru</div><blockquote>lama`, "lama"},
	} {
		h := readHTML(c.in)
		var quoted []string
		for _, q := range h.Quoted {
			quoted = append(quoted, h.Text[q.Start:q.End])
		}
		if got := strings.Join(quoted, "|"); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestHTMLSignatures(t *testing.T) {
	for _, in := range []string{`baru<div class="gmail_signature">Rina</div>`, `baru<div id="Signature"><p>Rina</p></div>`, `baru<pre class="moz-signature">Rina</pre>`, `baru<div data-marker="__SIG_POST__">Rina</div>`} {
		h := readHTML(in)
		if len(h.Signature) != 1 || h.Text[h.Signature[0].Start:h.Signature[0].End] != "Rina" {
			t.Errorf("%s: %v in %q", in, h.Signature, h.Text)
		}
	}
}

func FuzzHTML(f *testing.F) {
	for _, seed := range []string{
		"<p>a<table><tr><td>b<td>c</table>", `<div class="gmail_quote"><blockquote>a</blockquote></div>`, "<ul><li>a<ol><li>b</ol></ul>", `<a href="http://x">y</a><pre> a</pre>`,
		`<div style="display:none"><div>x</div></div>`, "<table><tr><th>a<th>b<tr><td>c<td>d</table><blockquote>", "\x01<td>\x01",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		h := readHTML(source)
		if clean(h.Text) != h.Text || strings.ContainsRune(h.Text, cellMark) {
			t.Errorf("not clean: %q", h.Text)
		}
		if len(h.Text) > 8*len(source)+100 {
			t.Errorf("%d bytes became %d", len(source), len(h.Text))
		}
		for _, spans := range [][]span{h.Quoted, h.Signature} {
			last := 0
			for _, s := range spans {
				if s.Start < last || s.End <= s.Start || s.End > len(h.Text) {
					t.Fatalf("spans %v of a text of %d", spans, len(h.Text))
				}
				last = s.End
			}
		}
	})
}
