package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"helpost/internal/blob"
	"helpost/internal/store"
	"helpost/smtpd"
)

// Problem is an error as HTTP says it (RFC 9457). The client gives it back as an error.
type Problem struct {
	Type   string `json:"type"` // "about:blank": the status says it all
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

func (p *Problem) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return p.Title
}

// Temporary says whether the same request may succeed later.
func (p *Problem) Temporary() bool { return p.Status >= 500 || p.Status == http.StatusTooManyRequests }

// IsUnknown says whether an error means that what was asked for does not exist.
func IsUnknown(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == http.StatusNotFound
}

func problem(status int, format string, args ...any) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// write answers with a problem. What cannot be written has lost its reader.
func write(w http.ResponseWriter, p *Problem) {
	body, err := json.Marshal(p)
	if err != nil { // four plain fields
		body = []byte("{}")
	}
	h := w.Header()
	h.Del("Content-Disposition")
	h.Del("Content-Length")
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	w.Write(append(body, '\n'))
}

// fail turns an error into a problem. Only what was made for the reader is shown; faults go to the log.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := asProblem(err)
	if p.Status >= 500 {
		s.Log.Error("request failed", "path", r.URL.Path, "status", p.Status, "err", err)
	}
	write(w, p)
}

func asProblem(err error) *Problem {
	var p *Problem
	var mail *smtpd.Error
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &mail):
		return problem(mailStatus(mail.Kind), "%s", mail.Text)
	case errors.As(err, &tooBig):
		return problem(http.StatusRequestEntityTooLarge, "more than %d bytes", tooBig.Limit)
	case errors.Is(err, store.ErrCursor):
		return problem(http.StatusBadRequest, "\"after\" is not a cursor of this list")
	case errors.Is(err, store.ErrNotFound), errors.Is(err, blob.ErrNotFound):
		return problem(http.StatusNotFound, "not found")
	case errors.Is(err, store.ErrFull), errors.Is(err, blob.ErrFull):
		return problem(http.StatusInsufficientStorage, "the disk is full")
	case errors.Is(err, store.ErrClosed), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem(http.StatusServiceUnavailable, "the store does not answer now")
	}
	return problem(http.StatusInternalServerError, "a fault of helpost, which its log describes")
}

// mailStatus is what the door's reply code is in HTTP.
func mailStatus(k smtpd.Kind) int {
	switch k {
	case smtpd.Full:
		return http.StatusInsufficientStorage
	case smtpd.TooLarge:
		return http.StatusRequestEntityTooLarge
	case smtpd.Unknown, smtpd.NoRelay, smtpd.Refused:
		return http.StatusForbidden
	case smtpd.Malformed:
		return http.StatusUnprocessableEntity
	}
	return http.StatusServiceUnavailable
}

// reply writes a JSON object.
func reply(w http.ResponseWriter, v any) error {
	body, err := marshal(v)
	if err != nil {
		return fmt.Errorf("writing an answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Write(append(body, '\n')) // what cannot be written has lost its reader
	return nil
}

// marshal writes JSON as people read it too: "<report@company.com>" stays that.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
