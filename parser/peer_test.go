package parser

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jhillyerd/enmime/v2"
)

// Another reader of mail agrees on subject and files of every sound mail in testdata. It is asked in tests alone: its time
// doubles with each level of unclosed multiparts, so that mails from outside would need a guard before it.
func TestAnotherReaderAgrees(t *testing.T) {
	p := testParser(t)
	peer := enmime.NewParser(enmime.DisableCharacterDetection(true), enmime.DisableTextConversion(true))
	files, err := filepath.Glob("testdata/*/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatal("no mails in testdata", err)
	}
	files = append(files, "reply", "picture")
	for _, file := range files {
		var raw []byte
		switch file {
		case "reply":
			raw = replyMail()
		case "picture":
			raw = fileMail("image/png", "error.png", noisyPicture(t, 20<<10))
		default:
			if raw, err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
		m := p.Parse(raw)
		envelope, err := peer.ReadEnvelope(bytes.NewReader(raw))
		if err != nil || len(envelope.Errors) > 0 {
			continue
		}
		if got, want := m.Subject, strings.Join(strings.Fields(envelope.GetHeader("Subject")), " "); got != want {
			t.Errorf("%s: subject %q, the other says %q", file, got, want)
		}
		for _, part := range append(envelope.Attachments, envelope.Inlines...) {
			if part.FileName == "" || strings.HasPrefix(part.ContentType, "text/") {
				continue
			}
			found := false
			for _, a := range m.Attachments {
				found = found || a.Filename == part.FileName && bytes.Equal(a.Data, part.Content)
			}
			if !found {
				t.Errorf("%s: %s (%d bytes) is not among %s", file, part.FileName, len(part.Content), names(m))
			}
		}
	}
}
