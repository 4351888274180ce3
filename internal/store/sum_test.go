package store

import (
	"encoding/json"
	"testing"
	"time"
)

// A message is summed as it is kept, whatever its text holds.
func TestAMessageHasTheSumOfWhatIsReadBack(t *testing.T) {
	for _, text := range []string{"", "printer macet", "a\xffb", "\ufffd", `\ufffd`, `\\ufffd`, "<&>\u2028\x00\x7f", "é\xed\xa0\x80"} {
		m := Message{Ticket: 7, Seq: 1, At: time.Date(2026, 1, 12, 9, 0, 0, 1e6, time.FixedZone("WIB", 7*3600)), Text: text, Name: text,
			Attachments: []Attachment{{Filename: text, Size: 1 << 60}}, RawMail: []byte("raw")}
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Message
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatal(err)
		}
		want, err := back.Sum()
		if err != nil {
			t.Fatal(err)
		}
		if have, err := m.Sum(); err != nil || have != want {
			t.Errorf("%q: %s, read back %s (%v)", text, have, want, err)
		}
	}
}
