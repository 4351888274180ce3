package templates

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helpost/internal/sop"
)

// dirWith makes an operator's folder of templates.
func dirWith(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAnOperatorsFileReplacesTheEmbeddedOne(t *testing.T) {
	for _, name := range []string{"id/ack.txt", "ack.id.txt"} {
		s, err := Load(dirWith(t, map[string]string{name: "{{.Hello}}\r\n\r\nKami terima: {{.ID}}.\r\n", "README": "not a template"}))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		mail, err := s.Render(Samples()["ack.id"])
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(mail.Text, "Halo Rina Wijaya,\n\nKami terima: IT-000123.\n\nIT Service Desk · telepon 1500\nref: ") {
			t.Errorf("%s: got\n%s", name, mail.Text)
		}
		if en, err := s.Render(Samples()["ack.en"]); err != nil || !strings.Contains(en.Text, "We have your report") {
			t.Errorf("%s: the English one changed too: %v\n%s", name, err, en.Text)
		}
	}
}

func TestAnOperatorsWordsReplaceLineByLine(t *testing.T) {
	s, err := Load(dirWith(t, map[string]string{"words.id.txt": "foot = Meja Bantuan\n# button\nbutton.confirm = Beres\n"}))
	if err != nil {
		t.Fatal(err)
	}
	mail, err := s.Render(Samples()["resolved.id"])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(mail.Text, "\nMeja Bantuan · telepon 1500\n") || !strings.Contains(mail.HTML, ">Beres</a>") || !strings.Contains(mail.HTML, ">Belum, masih bermasalah</a>") {
		t.Errorf("got\n%s\n%s", mail.Text, mail.HTML)
	}
}

func TestASlipInATemplateNamesFileAndLine(t *testing.T) {
	for name, test := range map[string]struct{ file, text, want string }{
		"syntax":             {"id/ack.txt", "{{.Hello}}\n\n{{if .ID}}\n{{.ID} \n{{end}}\n", "id/ack.txt:4:"},
		"unknown field":      {"id/ack.txt", "{{.Hello}}\n{{if .ID}}\n{{.Nomor}}\n{{end}}\n", "id/ack.txt:3:"},
		"only in one text":   {"id/closed.txt", "{{.Hello}}\n{{if .Is \"silence\"}}\n{{.Diam}}\n{{end}}\n", "id/closed.txt:3:"},
		"layout":             {"layout.html", "<p>\n{{range .Blocks}}\n{{.Nothing}}\n{{end}}", "layout.html:3:"},
		"no head":            {"en/new.txt", "{{.Words}}\n", "en/new.txt: the first line"},
		"unknown name":       {"id/akc.txt", "Halo", "id/akc.txt: there is no template"},
		"unknown language":   {"ack.fr.txt", "Bonjour", "ack.fr.txt: there is no template"},
		"words without sign": {"id/words.txt", "foot = x\nhello Halo\n", "id/words.txt:2:"},
		"unknown words":      {"id/words.txt", "fot = x\n", "id/words.txt:1:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(dirWith(t, map[string]string{test.file: test.text}))
			if err == nil || !strings.Contains(filepath.ToSlash(err.Error()), test.want) {
				t.Errorf("want an error with %q, have %v", test.want, err)
			}
		})
	}
}

func TestTheSameTemplateTwiceIsAnError(t *testing.T) {
	if _, err := Load(dirWith(t, map[string]string{"id/ack.txt": "a", "ack.id.txt": "b"})); err == nil {
		t.Error("one of two files was taken in silence")
	}
}

func TestAMissingFolderIsAnError(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a folder that is not there was taken for an empty one")
	}
}

func TestEveryLanguageHasTheSameWords(t *testing.T) {
	s := set(t)
	for key := range s.languages[sop.Indonesian].words {
		if _, is := s.languages[sop.English].words[key]; !is {
			t.Errorf("no English for %q", key)
		}
	}
	for key := range s.languages[sop.English].words {
		if _, is := s.languages[sop.Indonesian].words[key]; !is {
			t.Errorf("no Indonesian for %q", key)
		}
	}
}

func TestAnUnknownKindIsAnError(t *testing.T) {
	if _, err := set(t).Render(Data{Kind: "greeting"}); err == nil {
		t.Error("a notice of no kind was rendered")
	}
}

func TestTheEmbeddedTemplatesHold(t *testing.T) {
	if err := set(t).Check(); err != nil {
		t.Error(err)
	}
}
