package templates

import (
	"regexp"
	"strings"
	"testing"

	"helpost/internal/sop"
)

// eachSample renders every sample.
func eachSample(t *testing.T, check func(t *testing.T, d Data, m Mail)) {
	t.Helper()
	s := set(t)
	for name, d := range Samples() {
		t.Run(name, func(t *testing.T) {
			m, err := s.Render(d)
			if err != nil {
				t.Fatal(err)
			}
			check(t, d, m)
		})
	}
}

func TestSamplesCoverEveryKindInEveryLanguage(t *testing.T) {
	has := map[string]bool{}
	for _, d := range Samples() {
		has[string(d.Kind)+"."+string(d.Lang)] = true
	}
	for _, kind := range Kinds {
		for _, lang := range Languages {
			if !has[string(kind)+"."+string(lang)] {
				t.Errorf("no sample of %s in %s", kind, lang)
			}
		}
	}
}

var (
	breaks = regexp.MustCompile(`(?i)<br>|</?(?:p|tr|td|li|ul|div|table|blockquote)\b[^>]*>`)
	tags   = regexp.MustCompile(`<[^>]*>`)
)

// shownLines are the lines of an HTML part as a reader sees them.
func shownLines(page string) []string {
	_, page, _ = strings.Cut(page, "<body")
	page = breaks.ReplaceAllString(page, "\n")
	page = tags.ReplaceAllString(page, "")
	return strings.Split(strings.ReplaceAll(page, "&nbsp;", " "), "\n")
}

func TestNoLineBeginsWithANumberSign(t *testing.T) {
	eachSample(t, func(t *testing.T, d Data, m Mail) {
		for _, line := range append(strings.Split(m.Text, "\n"), shownLines(m.HTML)...) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				t.Errorf("%q", line)
			}
		}
	})
}

func TestTheFootIsTheLastBeforeTheQuote(t *testing.T) {
	eachSample(t, func(t *testing.T, d Data, m Mail) {
		foot := `IT Service Desk · (telepon|phone) 1500`
		if d.Company.Phone == "" {
			foot = `IT Service Desk`
		}
		if d.Ref != "" {
			foot += "\nref: " + d.Ref
		}
		if d.Quote != nil {
			foot += "\n\n(Pada|On) .* (menulis|wrote):\n(>.*\n)+"
		} else {
			foot += "\n"
		}
		if !regexp.MustCompile(`\n\n` + foot + `$`).MatchString(m.Text) {
			t.Errorf("want %s at the end of\n%s", foot, m.Text)
		}
		if d.Ref != "" && strings.Count(m.HTML, "ref: "+d.Ref) != 1 {
			t.Errorf("the HTML has no ref: line of its own")
		}
		if i := strings.Index(m.HTML, "blockquote"); i > 0 && i < strings.Index(m.HTML, "ref: ") {
			t.Error("the quote stands before the ref: line")
		}
	})
}

func TestTheFirstLineToTheDeskSaysAllThatMatters(t *testing.T) {
	last := map[sop.Lang]map[sop.Sort]string{
		sop.Indonesian: {sop.Public: "balasan Anda dikirim ke pelapor", sop.Internal: "balasan Anda tetap internal"},
		sop.English:    {sop.Public: "your reply goes to the reporter", sop.Internal: "your reply stays internal"},
	}
	eachSample(t, func(t *testing.T, d Data, m Mail) {
		first, _, _ := strings.Cut(m.Text, "\n")
		fields := strings.Split(first, " · ")
		if !d.ToDesk {
			if len(fields) > 1 {
				t.Errorf("a reporter reads %q first", first)
			}
			return
		}
		if d.Ref == "" {
			if len(fields) < 2 || strings.HasPrefix(fields[0], "IT-") {
				t.Errorf("a mail about no ticket begins %q", first)
			}
			return
		}
		if len(fields) < 4 || fields[0] != d.Ticket.ID || fields[1] != string(d.Ticket.Priority) || fields[len(fields)-1] != last[d.Lang][d.Sort] {
			t.Errorf("the first line is %q", first)
		}
		if shown := strings.Join(shownLines(m.HTML), "\n"); !strings.Contains(shown, first) {
			t.Errorf("the HTML lacks %q", first)
		}
	})
}

func TestPrioritiesAreNamedToTheDeskAlone(t *testing.T) {
	label := regexp.MustCompile(`\bP[123]\b`)
	eachSample(t, func(t *testing.T, d Data, m Mail) {
		if !d.ToDesk && (label.MatchString(m.Text) || label.MatchString(m.HTML)) {
			t.Errorf("a reporter reads a priority:\n%s", m.Text)
		}
	})
}

func TestTimesCarryDayAndZone(t *testing.T) {
	clock := regexp.MustCompile(`\b\d\d[.:]\d\d\b`)
	id := regexp.MustCompile(`(Senin|Selasa|Rabu|Kamis|Jumat|Sabtu|Minggu|Sen|Sel|Rab|Kam|Jum|Sab|Min), \d{1,2} [A-Z][a-z]{2}( \d{4})?\)?( pukul)? \d\d\.\d\d WIB`)
	en := regexp.MustCompile(`(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2}( \d{4})?,? \d\d:\d\d WIB|\d\d:\d\d WIB (today|tomorrow) \((Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2}\)`)
	eachSample(t, func(t *testing.T, d Data, m Mail) {
		if d.Kind == sop.KindHelp { // it shows how to write times
			return
		}
		text, _, _ := strings.Cut(m.Text, "\nref: ")
		whole := id
		if d.Lang == sop.English {
			whole = en
		}
		if rest := whole.ReplaceAllString(text, ""); clock.MatchString(rest) {
			t.Errorf("a time without its day or zone in:\n%s", rest)
		}
	})
}

func TestTheTextIsCompleteWithoutTheHTML(t *testing.T) {
	plain := strings.NewReplacer("| ", "", "> ", "", "- ", "", ": ", " ", "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&", "&#43;", "+")
	squeeze := func(s string) string { return strings.Join(strings.Fields(plain.Replace(s)), " ") }
	eachSample(t, func(t *testing.T, d Data, m Mail) {
		text := squeeze(strings.ReplaceAll(m.Text, "\n|\n", "\n\n"))
		for _, line := range shownLines(strings.ReplaceAll(m.HTML, "\n", " ")) {
			line = squeeze(strings.TrimPrefix(strings.TrimSpace(line), "class="))
			if strings.Contains(line, `style=`) || strings.Contains(text, line) {
				continue
			}
			isButton := false
			for _, b := range (set(t).language(d.Lang)).labelled(append(d.Buttons, listButtons(d)...)) {
				isButton = isButton || squeeze(b.Name) == line
			}
			if !isButton {
				t.Errorf("the HTML says %q, the text does not:\n%s", line, m.Text)
			}
		}
	})
}

func listButtons(d Data) (all []Button) {
	for _, t := range d.List {
		all = append(all, t.Buttons...)
	}
	return all
}

func TestNoNoticeShoutsOrThanksForPatience(t *testing.T) {
	eachSample(t, func(t *testing.T, d Data, m Mail) {
		text, _, _ := strings.Cut(m.Text, "\nref: ")
		for _, wrong := range []string{"!", "kesabaran", "patience", "otomatis", "automatic", "maaf", "sorry", "noreply"} {
			if strings.Contains(strings.ToLower(text), wrong) {
				t.Errorf("%q in\n%s", wrong, text)
			}
		}
	})
}

func TestTheHTMLLoadsNothing(t *testing.T) {
	remote := regexp.MustCompile(`(?i)https?://|<img|<link|<script|@import|url\(|srcset|<iframe|<form`)
	eachSample(t, func(t *testing.T, d Data, m Mail) {
		if found := remote.FindString(m.HTML); found != "" {
			t.Errorf("%q in the HTML", found)
		}
		if strings.Contains(m.HTML, "ZgotmplZ") {
			t.Error("the filter of links refused one")
		}
		if strings.Count(m.HTML, `href="mailto:`) != len(d.Buttons)+len(listButtons(d)) {
			t.Errorf("not every button is there")
		}
	})
}

func TestEnglishIsAskedInEnglishAndIndonesianInIndonesian(t *testing.T) {
	eachSample(t, func(t *testing.T, d Data, m Mail) {
		text := strings.ReplaceAll(m.Text, d.Words, "")
		id, en := regexp.MustCompile(`(?i)\b(anda|kami|sudah|yang|tidak|belum)\b`), regexp.MustCompile(`(?i)\b(your|we|the|is|you|has)\b`)
		if d.Lang == sop.Indonesian && (en.MatchString(text) || !id.MatchString(text)) || d.Lang == sop.English && (id.MatchString(text) || !en.MatchString(text)) && d.Kind != sop.KindReply {
			t.Errorf("in the other language:\n%s", text)
		}
	})
	s := set(t)
	for name, words := range map[string][2]string{"resolved.id": {"YA", "BELUM"}, "reminder.id": {"YA", "BELUM"}, "resolved.en": {"YES", "NO"}, "reminder.en": {"YES", "NO"}} {
		m, err := s.Render(Samples()[name])
		if err != nil || !strings.Contains(m.Text, words[0]) || !strings.Contains(m.Text, words[1]) {
			t.Errorf("%s asks for neither %v: %v\n%s", name, words, err, m.Text)
		}
	}
}

func TestMissingAsksForNothingElse(t *testing.T) {
	asks := map[string]string{sop.MissingName: "nama lengkap", sop.MissingDepartment: "departemen Anda", sop.MissingScreenshot: "foto layar"}
	s := set(t)
	for _, missing := range [][]string{{sop.MissingName}, {sop.MissingDepartment}, {sop.MissingScreenshot}, {sop.MissingName, sop.MissingScreenshot}} {
		d := Samples()["missing.id"]
		d.Missing, d.Quote = missing, nil
		m, err := s.Render(d)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(m.Text, "\n- "); got != len(missing) {
			t.Errorf("%v: %d questions", missing, got)
		}
		for _, fact := range missing {
			if !strings.Contains(m.Text, asks[fact]) {
				t.Errorf("%v: no question for %s:\n%s", missing, fact, m.Text)
			}
		}
	}
}

func TestHelpListsEveryCommand(t *testing.T) {
	words := map[sop.Lang]string{
		sop.Indonesian: "ambil tugaskan prioritas dampak urgensi jenis kategori tunda lanjut remote kunjungan catatan balas selesai tutup buka gabung serap eskalasi untuk cc status bantuan cuti spam",
		sop.English:    "take assign priority impact urgency type category pending resume remote onsite note reply resolve close reopen merge absorb escalate for cc status help away spam",
	}
	s := set(t)
	for lang, list := range words {
		m, err := s.Render(Samples()["help."+string(lang)])
		if err != nil {
			t.Fatal(err)
		}
		for word := range strings.FieldsSeq(list) {
			if n := len(regexp.MustCompile(`(?m)^- .*: #`+word+`( .*)?$`).FindAllString(m.Text, -1)); n != 1 {
				t.Errorf("#%s is listed %d times", word, n)
			}
		}
	}
}

func TestAnAgentReadsAllThatTheReportSays(t *testing.T) {
	m, err := set(t).Render(Samples()["new.p1.id"])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"dokumen saya tidak bisa dicetak", "#1 sudah saya matikan", `"semua cabang" (dampak)`, `"mati" (urgensi)`, "P1", "Rina Wijaya", "Keuangan", "rina@company.com", "NB-FIN-0113", "1 tangkapan layar", "dump.zip", "IT-000098", "tidak terbukti", "tanda pagar"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("no %q in\n%s", want, m.Text)
		}
	}
}
