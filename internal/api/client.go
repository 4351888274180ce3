package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"time"

	"helpost/internal/store"
)

// ErrNotRunning says that nobody listens at the control socket.
var ErrNotRunning = errors.New("no helpost is running here")

// Client speaks the verbs: to a running daemon through its control socket, or to a Server in this process. What the
// server refuses is a *Problem.
type Client struct{ http http.Client }

// Dial makes a client of the daemon that listens at a control socket. Nothing is connected yet.
func Dial(socket string) *Client {
	var d net.Dialer
	return &Client{http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			c, err := d.DialContext(ctx, "unix", socket)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
				return nil, ErrNotRunning
			}
			return c, err
		},
		MaxIdleConns: 2, IdleConnTimeout: time.Minute,
	}}}
}

// InProcess makes a client of a handler (Server.Control) in this process: the same requests, and no socket.
func InProcess(h http.Handler) *Client { return &Client{http.Client{Transport: direct{h}}} }

// Running says whether a daemon answers at the control socket. An error is another one than that none does: that the
// socket may not be opened, for one.
func (c *Client) Running(ctx context.Context) (bool, error) {
	body, err := c.do(ctx, http.MethodGet, "/healthz", "", nil)
	if err == nil {
		return true, body.Close()
	}
	if errors.Is(err, ErrNotRunning) {
		return false, nil
	}
	return false, err
}

// Close lets go of kept connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Tickets lists tickets, newest first, all pages.
func (c *Client) Tickets(ctx context.Context, f store.Filter) iter.Seq2[Summary, error] {
	return func(yield func(Summary, error) bool) {
		for {
			var p page
			if err := c.get(ctx, "/api/v1/tickets?"+queryOf(f), &p); err != nil {
				yield(Summary{}, err)
				return
			}
			for _, t := range p.Tickets {
				if !yield(t, nil) {
					return
				}
			}
			if p.Next == nil {
				return
			}
			f.After = *p.Next
		}
	}
}

func queryOf(f store.Filter) string {
	q := url.Values{}
	for name, value := range map[string]string{"state": string(f.State), "reporter": f.Reporter, "assignee": f.Assignee, "q": f.Query, "after": f.After} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Limit > 0 {
		q.Set("limit", fmt.Sprint(f.Limit))
	}
	return q.Encode()
}

// Ticket gives a ticket whole, by its id. IsUnknown tells that there is none.
func (c *Client) Ticket(ctx context.Context, id string) (Ticket, error) {
	var t Ticket
	err := c.get(ctx, "/api/v1/tickets/"+url.PathEscape(id), &t)
	return t, err
}

// Export gives tickets whole.
func (c *Client) Export(ctx context.Context, f store.Filter) iter.Seq2[Ticket, error] {
	return func(yield func(Ticket, error) bool) {
		for s, err := range c.Tickets(ctx, f) {
			var t Ticket
			if err == nil {
				t, err = c.Ticket(ctx, s.ID)
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// Queue lists what waits to be sent.
func (c *Client) Queue(ctx context.Context) iter.Seq2[QueueRow, error] {
	return pages(func(after uint64) ([]QueueRow, error) {
		var p queuePage
		err := c.post(ctx, "queue/list", queueAfter{after}, &p)
		return p.Rows, err
	}, func(r QueueRow) uint64 { return r.ID })
}

// Retry makes mails that wait due now, all of them where none is named, and says how many.
func (c *Client) Retry(ctx context.Context, ids ...uint64) (int, error) {
	var n counted
	err := c.post(ctx, "queue/retry", queueIDs{ids}, &n)
	return n.Count, err
}

// Drop takes a mail out of the queue for good.
func (c *Client) Drop(ctx context.Context, id uint64) error {
	return c.post(ctx, "queue/drop", queueID{id}, &counted{})
}

// Quarantine lists the mails in quarantine.
func (c *Client) Quarantine(ctx context.Context) iter.Seq2[QuarantineRow, error] {
	return pages(func(after string) ([]QuarantineRow, error) {
		var p quarantinePage
		err := c.post(ctx, "quarantine/list", quarantineAfter{after}, &p)
		return p.Rows, err
	}, func(r QuarantineRow) string { return r.ID })
}

// Release takes a mail out of quarantine as if its sender might report, and says what became of it.
func (c *Client) Release(ctx context.Context, id string) (string, error) {
	var o outcome
	err := c.post(ctx, "quarantine/release", quarantineID{id}, &o)
	return o.Outcome, err
}

// Trace says what became of a mail, by its Message-ID, or of an address's mails.
func (c *Client) Trace(ctx context.Context, messageIDOrAddress string) ([]TraceRow, error) {
	var t traceRows
	err := c.post(ctx, "trace", traceOf{messageIDOrAddress}, &t)
	return t.Rows, err
}

// Policy gives the policy in force, as JSON.
func (c *Client) Policy(ctx context.Context) (json.RawMessage, error) {
	var p json.RawMessage
	err := c.post(ctx, "policy", struct{}{}, &p)
	return p, err
}

// Take hands a mail in, and says what became of it: the ticket's id, or a word. Problem.Temporary tells whether it must be
// tried again, as it must after any error that is no *Problem.
func (c *Client) Take(ctx context.Context, from string, to []string, mail io.Reader) (string, error) {
	q := url.Values{"from": {from}, "to": to}
	body, err := c.do(ctx, http.MethodPost, "/control/take?"+q.Encode(), "message/rfc822", mail)
	if err != nil {
		return "", err
	}
	var o outcome
	return o.Outcome, decode(body, &o)
}

// pages goes through a list page by page.
func pages[Row any, Key comparable](next func(after Key) ([]Row, error), key func(Row) Key) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var after Key
		for {
			found, err := next(after)
			if err != nil {
				var none Row
				yield(none, err)
				return
			}
			for _, r := range found {
				if !yield(r, nil) {
					return
				}
			}
			if len(found) < rows {
				return
			}
			after = key(found[len(found)-1])
		}
	}
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	body, err := c.do(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	return decode(body, into)
}

func (c *Client) post(ctx context.Context, verb string, args, into any) error {
	body, err := c.open(ctx, verb, args)
	if err != nil {
		return err
	}
	return decode(body, into)
}

// open asks for a verb and gives its answer, which the caller closes.
func (c *Client) open(ctx context.Context, verb string, args any) (io.ReadCloser, error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	return c.do(ctx, http.MethodPost, "/control/"+verb, "application/json", bytes.NewReader(raw))
}

// do sends a request and gives the body of its answer, which the caller closes.
func (c *Client) do(ctx context.Context, method, path, kind string, body io.Reader) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://helpost"+path, body)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // its text is an address that nobody knows
			return nil, wrapped.Err
		}
		return nil, err
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	p := &Problem{}
	if err := decode(answer.Body, p); err != nil || p.Title == "" {
		p = problem(answer.StatusCode, "")
	}
	p.Status = answer.StatusCode
	return nil, p
}

func decode(body io.ReadCloser, into any) error {
	defer body.Close()
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("the answer cannot be read: %w", err)
	}
	return nil
}

// direct carries requests to a handler without a connection between them. The answer is read while it is written.
type direct struct{ h http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	read, write := io.Pipe()
	a := &streamed{header: http.Header{}, to: write, begun: make(chan struct{})}
	go func() {
		defer r.Body.Close()
		err := a.serve(d.h, in)
		a.begin(http.StatusOK) // a handler that wrote nothing
		write.CloseWithError(err)
	}()
	select {
	case <-a.begun:
	case <-r.Context().Done():
		read.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
	return &http.Response{
		Status: http.StatusText(a.code), StatusCode: a.code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.sent, Body: read, ContentLength: -1, Request: r,
	}, nil
}

// streamed is an answer on its way.
type streamed struct {
	header, sent http.Header
	to           *io.PipeWriter
	once         sync.Once
	begun        chan struct{}
	code         int
}

// serve runs a handler; one that breaks off, as http.ErrAbortHandler asks, cuts its answer.
func (a *streamed) serve(h http.Handler, r *http.Request) (err error) {
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler:
			err = io.ErrUnexpectedEOF
		default:
			panic(cause)
		}
	}()
	h.ServeHTTP(a, r)
	return nil
}

func (a *streamed) begin(code int) {
	a.once.Do(func() {
		a.code, a.sent = code, a.header.Clone()
		close(a.begun)
	})
}

func (a *streamed) Header() http.Header { return a.header }

func (a *streamed) WriteHeader(code int) { a.begin(code) }

func (a *streamed) Write(b []byte) (int, error) {
	a.begin(http.StatusOK)
	return a.to.Write(b)
}
