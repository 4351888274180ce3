package bolt

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"helpost/internal/store"
)

// outboxRow is a new mail to be sent, as rows. Nearly every one is claimed as soon as it is committed, so it is kept until then
// and need not be read.
type outboxRow struct {
	class store.Class
	next  uint64 // nanos of the next try
	state outboxState
	body  []byte
	rest  []byte        // of the body
	mail  *store.Outbox // as it would be read, but for its id; nil: it must be read
}

func (r *outboxRow) size() int { return len(r.body) + len(r.rest) }

// outboxState is the row of a mail to be sent, without its segments and with 0 for the id that only the writer can give.
type outboxState []byte

// stateBegin is what stands before the id.
const stateBegin = "\x01" + `{"id":`

func encodeState(o *store.Outbox) (outboxState, error) {
	plain := *o
	plain.ID, plain.Segments = 0, nil
	return plain.AppendJSON(append(make([]byte, 0, 512), rowFormat))
}

// row is the state with its id.
func (s outboxState) row(id uint64) []byte {
	row := strconv.AppendUint(append(make([]byte, 0, len(s)+20), stateBegin...), id, 10)
	return append(row, s[len(stateBegin)+1:]...)
}

// asRead is a mail as it would be read; nil where a text of it is no UTF-8, and so another one when it is read.
// But for its segments it holds on to nothing of the mail that it was made for.
func asRead(o *store.Outbox, state outboxState) *store.Outbox {
	if bytes.Contains(state, []byte(`\ufffd`)) {
		return nil
	}
	mail := *o
	for _, text := range []*string{&mail.Trace, &mail.From, &mail.To, &mail.MessageID, &mail.LastError} {
		*text = strings.Clone(*text)
	}
	for _, at := range []*time.Time{&mail.Made, &mail.NextTry} { // its zone is another value when it is read
		text, err := at.AppendText(nil)
		if err != nil || at.UnmarshalText(text) != nil {
			return nil
		}
	}
	return &mail
}

// read gives a leased row as the outbox kept it, or reads it.
func (l leased) read(r *reader) (store.Outbox, error) {
	if l.row == nil {
		return r.outboxRow(l.id)
	}
	mail := *l.row.mail
	mail.ID = l.id
	return mail, nil
}
