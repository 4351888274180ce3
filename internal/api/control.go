package api

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/smtpd"
)

// The verbs of the command line, as the control socket takes them. Requests and answers are JSON, but for a mail.

// maxRequest bounds a verb's arguments, in bytes.
const maxRequest = 1 << 20

// rows is how many rows one answer holds.
const rows = 500

// QueueRow is a mail that waits to be sent.
type QueueRow struct {
	ID        uint64    `json:"id"`
	Ticket    *string   `json:"ticket"`
	Kind      string    `json:"kind"`
	From      string    `json:"from"` // of the envelope; "" is the null sender
	To        string    `json:"to"`
	MessageID string    `json:"message_id"`
	Class     string    `json:"class"` // "urgent", "answer", "routine"
	Made      time.Time `json:"made"`
	NextTry   time.Time `json:"next_try"`
	Tries     int       `json:"tries"`
	LastError *string   `json:"last_error"`
}

// QuarantineRow is a mail that was taken and is no ticket.
type QuarantineRow struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	From      string    `json:"from"`
	MailFrom  string    `json:"mail_from"`
	To        string    `json:"to"`
	MessageID string    `json:"message_id"`
	Subject   string    `json:"subject"`
	Reason    string    `json:"reason"`
	Size      int       `json:"size"`
}

// TraceRow is one thing that became of a mail.
type TraceRow struct {
	At        time.Time `json:"at"`
	Trace     string    `json:"trace"` // of the mail in the log; of one of ours: of the mail that caused it
	MessageID string    `json:"message_id"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Outcome   string    `json:"outcome"`
	Ticket    *string   `json:"ticket"`
	Detail    string    `json:"detail"`
}

// The arguments and answers of the verbs.
type (
	queueAfter      struct{ After uint64 }
	quarantineAfter struct{ After string }
	queueIDs        struct{ IDs []uint64 }
	queueID         struct{ ID uint64 }
	quarantineID    struct{ ID string }
	traceOf         struct{ Of string }

	queuePage      struct{ Rows []QueueRow }
	quarantinePage struct{ Rows []QuarantineRow }
	traceRows      struct{ Rows []TraceRow }
	counted        struct{ Count int }
	outcome        struct{ Outcome string }
)

var classes = map[store.Class]string{store.ClassUrgent: "urgent", store.ClassAnswer: "answer", store.ClassRoutine: "routine"}

// arguments reads a verb's arguments strictly.
func arguments(w http.ResponseWriter, r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var tooBig *http.MaxBytesError
		if errors.As(err, &tooBig) {
			return err
		}
		return problem(http.StatusBadRequest, "the arguments cannot be read: %v", err)
	}
	return nil
}

func (s *Server) queueList(w http.ResponseWriter, r *http.Request) error {
	var a queueAfter
	if err := arguments(w, r, &a); err != nil {
		return err
	}
	var found []store.Outbox
	err := s.Store.View(r.Context(), func(v store.Reader) (err error) {
		found, err = v.Queue(a.After, rows)
		return err
	})
	if err != nil {
		return err
	}
	p := queuePage{Rows: make([]QueueRow, len(found))}
	for i, o := range found {
		p.Rows[i] = QueueRow{ID: o.ID, Ticket: s.idOrNull(o.Ticket), Kind: string(o.Kind), From: o.From, To: o.To, MessageID: o.MessageID, Class: classes[o.Class],
			Made: o.Made.UTC(), NextTry: o.NextTry.UTC(), Tries: o.Tries, LastError: orNull(o.LastError)}
	}
	return reply(w, p)
}

func (s *Server) queueRetry(w http.ResponseWriter, r *http.Request) error {
	var a queueIDs
	if err := arguments(w, r, &a); err != nil {
		return err
	}
	n, err := s.Desk.Retry(r.Context(), a.IDs)
	if isNotFound(err) {
		return problem(http.StatusNotFound, "not all of these mails wait in the queue")
	}
	if err != nil {
		return err
	}
	return reply(w, counted{n})
}

func (s *Server) queueDrop(w http.ResponseWriter, r *http.Request) error {
	var a queueID
	if err := arguments(w, r, &a); err != nil {
		return err
	}
	err := s.Desk.Drop(r.Context(), a.ID)
	if isNotFound(err) {
		return problem(http.StatusNotFound, "no mail %d waits in the queue", a.ID)
	}
	if err != nil {
		return err
	}
	return reply(w, counted{1})
}

func (s *Server) quarantineList(w http.ResponseWriter, r *http.Request) error {
	var a quarantineAfter
	if err := arguments(w, r, &a); err != nil {
		return err
	}
	var found []store.Quarantined
	err := s.Store.View(r.Context(), func(v store.Reader) (err error) {
		found, err = v.Quarantined(a.After, rows)
		return err
	})
	if err != nil {
		return err
	}
	p := quarantinePage{Rows: make([]QuarantineRow, len(found))}
	for i, q := range found {
		p.Rows[i] = QuarantineRow{ID: q.ID, At: q.At.UTC(), From: q.From, MailFrom: q.MailFrom, To: q.Rcpt, MessageID: q.MessageID, Subject: q.Subject, Reason: q.Reason, Size: q.Size}
	}
	return reply(w, p)
}

func (s *Server) quarantineRelease(w http.ResponseWriter, r *http.Request) error {
	var a quarantineID
	if err := arguments(w, r, &a); err != nil {
		return err
	}
	became, err := s.Desk.Release(r.Context(), a.ID)
	if isNotFound(err) {
		return problem(http.StatusNotFound, "no mail %.80q is in quarantine", a.ID)
	}
	if err != nil {
		return err
	}
	return reply(w, outcome{became})
}

// trace says what became of a mail, or of an address's mails.
func (s *Server) trace(w http.ResponseWriter, r *http.Request) error {
	var a traceOf
	if err := arguments(w, r, &a); err != nil {
		return err
	}
	if s.Note != nil {
		if err := s.Note(r.Context()); err != nil {
			return err
		}
	}
	var found []store.Trace
	err := s.Store.View(r.Context(), func(v store.Reader) (err error) {
		found, err = v.Traces(a.Of)
		return err
	})
	if err == nil && len(found) == 0 || isNotFound(err) {
		return problem(http.StatusNotFound, "nothing is known of %.200s", a.Of)
	}
	if err != nil {
		return err
	}
	p := traceRows{Rows: make([]TraceRow, len(found))}
	for i, t := range found {
		p.Rows[i] = TraceRow{At: t.At.UTC(), Trace: t.ID, MessageID: t.MessageID, From: t.From, To: t.To, Outcome: t.Outcome, Ticket: s.idOrNull(t.Ticket), Detail: t.Detail}
	}
	return reply(w, p)
}

// policy gives the policy in force, as it was last recorded.
func (s *Server) policy(w http.ResponseWriter, r *http.Request) error {
	var p []byte
	err := s.Store.View(r.Context(), func(v store.Reader) (err error) {
		p, err = v.Policy()
		return err
	})
	if err == nil && p == nil || isNotFound(err) {
		return problem(http.StatusNotFound, "no policy was recorded yet")
	}
	if err != nil {
		return err
	}
	if !json.Valid(p) {
		return fmt.Errorf("the policy on record is no JSON")
	}
	return reply(w, json.RawMessage(p))
}

func (s *Server) idOrNull(n sop.Number) *string {
	if n == 0 {
		return nil
	}
	return orNull(n.ID(s.Prefix))
}

// take hands a mail on stdin to the desk, as one that came by SMTP. Recipients are checked first, all of them.
func (s *Server) take(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	env := smtpd.Envelope{Session: "take", Trace: "take-" + strings.ToLower(rand.Text()[:10]), Hello: "take", From: q.Get("from"), UTF8: true}
	if len(q["to"]) == 0 {
		return problem(http.StatusBadRequest, "a mail needs a recipient")
	}
	for _, rcpt := range q["to"] {
		if err := s.Desk.Rcpt(r.Context(), env, rcpt); err != nil {
			return err
		}
		env.Rcpt = append(env.Rcpt, rcpt)
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.MaxMail))
	if err != nil {
		return err
	}
	data := lines(raw)
	if len(bytes.TrimSpace(data)) == 0 {
		return problem(http.StatusUnprocessableEntity, "there is no mail on the input")
	}
	if int64(len(data)) > s.MaxMail {
		return problem(http.StatusRequestEntityTooLarge, "more than %d bytes", s.MaxMail)
	}
	became, err := s.Desk.Take(r.Context(), smtpd.Mail{Envelope: env, Data: data, Received: time.Now()})
	if err != nil {
		return err
	}
	return reply(w, outcome{became})
}

// lines gives a mail from a pipe the line ends of one from SMTP: CRLF, and no other CR or LF. An mbox line above the
// header ("From rina@company.com Mon Jan 12 …"), as some pipes add it, goes.
func lines(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte("From ")) {
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
	}
	out := make([]byte, 0, len(raw)+len(raw)/32+2)
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case '\r':
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			out = append(out, '\r', '\n')
		case '\n':
			out = append(out, '\r', '\n')
		default:
			out = append(out, c)
		}
	}
	if len(out) > 0 && !bytes.HasSuffix(out, []byte("\r\n")) {
		out = append(out, '\r', '\n')
	}
	return out
}
