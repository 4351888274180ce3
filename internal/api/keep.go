package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"helpost/internal/life"
	"helpost/internal/proof"
	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
)

// Keeper looks after what is kept: the verbs that prove it, copy it and let parts of it go.
type Keeper interface {
	Verify(ctx context.Context, mailed *seal.Line, fault func(string), progress func(proof.Done)) (proof.Done, error)
	Backup(ctx context.Context, to io.Writer) error
	Compact(ctx context.Context) (was, is int64, err error)
	// Export and Erase: store.ErrNotFound, nothing is known of the address; Erase: life.ErrAgent.
	Export(ctx context.Context, address string) (life.Known, error)
	Erase(ctx context.Context, address string) (life.Erased, error)
	// Hold: store.ErrNotFound, there is no such ticket.
	Hold(ctx context.Context, n sop.Number, on bool) error
}

// keepTime is the time that work on all that is kept may take.
const keepTime = 24 * time.Hour

// keep are the routes of the verbs that may take long.
func (s *Server) keep() *http.ServeMux {
	mux := http.NewServeMux()
	for path, serve := range map[string]handler{
		"verify":        s.verify,
		"backup":        s.backup,
		"compact":       s.compact,
		"person/export": s.personExport,
		"person/erase":  s.personErase,
		"ticket/hold":   s.ticketHold,
	} {
		mux.HandleFunc("/control/"+path, s.only(http.MethodPost, unhurried(serve)))
	}
	return mux
}

// unhurried lifts the limits that a connection has for short requests.
func unhurried(serve handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		c := http.NewResponseController(w)
		for _, lift := range []func(time.Time) error{c.SetReadDeadline, c.SetWriteDeadline} {
			if err := lift(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
				return err
			}
		}
		return serve(w, r)
	}
}

// The arguments and answers of these verbs.
type (
	verifyOf  struct{ Digest string }
	addressOf struct{ Address string }
	holdOf    struct {
		ID string
		On bool
	}
	// Compacted is how large the store was and is, in bytes.
	Compacted struct{ Was, Is int64 }
	// verified is one line of what verify says: one of these.
	verified struct {
		Fault    string      `json:",omitempty"`
		Progress *proof.Done `json:",omitempty"`
		Done     *proof.Done `json:",omitempty"`
		Failed   string      `json:",omitempty"` // it could not be carried through
	}
)

// progressEvery is how often verify says how far it is.
const progressEvery = 200 * time.Millisecond

// verify says what it finds as it goes, one JSON object a line; the last one says that it is done.
func (s *Server) verify(w http.ResponseWriter, r *http.Request) error {
	var a verifyOf
	if err := arguments(w, r, &a); err != nil {
		return err
	}
	var mailed *seal.Line
	if a.Digest != "" {
		l, err := seal.ParseLine(a.Digest)
		if err != nil {
			return problem(http.StatusBadRequest, "%v", err)
		}
		mailed = &l
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines := json.NewEncoder(w)
	c := http.NewResponseController(w)
	say := func(v verified) {
		_ = lines.Encode(v) // who does not listen any more ends the context
		_ = c.Flush()
	}
	told := time.Now()
	done, err := s.Keeper.Verify(r.Context(), mailed, func(f string) { say(verified{Fault: f}) }, func(d proof.Done) {
		if time.Since(told) >= progressEvery {
			told = time.Now()
			say(verified{Progress: &d})
		}
	})
	if err != nil {
		s.Log.Error("verify was not carried through", "err", err)
		say(verified{Failed: err.Error()})
		return nil
	}
	say(verified{Done: &done})
	return nil
}

// backup writes a backup. What fails once it has begun cuts it off, which its reader sees.
func (s *Server) backup(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "application/x-tar")
	if err := s.Keeper.Backup(r.Context(), w); err != nil {
		s.Log.Error("backup broken off", "err", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (s *Server) compact(w http.ResponseWriter, r *http.Request) error {
	was, is, err := s.Keeper.Compact(r.Context())
	if err != nil {
		return err
	}
	return reply(w, Compacted{was, is})
}

func (s *Server) personExport(w http.ResponseWriter, r *http.Request) error {
	var a addressOf
	if err := arguments(w, r, &a); err != nil {
		return err
	}
	known, err := s.Keeper.Export(r.Context(), a.Address)
	if isNotFound(err) {
		return problem(http.StatusNotFound, "nothing is known of %.200s", a.Address)
	}
	if err != nil {
		return err
	}
	return reply(w, known)
}

func (s *Server) personErase(w http.ResponseWriter, r *http.Request) error {
	var a addressOf
	if err := arguments(w, r, &a); err != nil {
		return err
	}
	erased, err := s.Keeper.Erase(r.Context(), a.Address)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return problem(http.StatusNotFound, "nothing is known of %.200s", a.Address)
	case errors.Is(err, life.ErrAgent):
		return problem(http.StatusConflict, "%.200s %v", a.Address, life.ErrAgent)
	case err != nil:
		return err
	}
	return reply(w, erased)
}

func (s *Server) ticketHold(w http.ResponseWriter, r *http.Request) error {
	var a holdOf
	if err := arguments(w, r, &a); err != nil {
		return err
	}
	n, ok := ParseID(a.ID, s.Prefix)
	if !ok {
		return problem(http.StatusNotFound, "there is no ticket %.40s", a.ID)
	}
	err := s.Keeper.Hold(r.Context(), n, a.On)
	if isNotFound(err) {
		return problem(http.StatusNotFound, "there is no ticket %.40s", a.ID)
	}
	if err != nil {
		return err
	}
	return reply(w, counted{1})
}

// Verify proves the store: faults are handed out as they are found. digest is the line of a seal that was mailed out, or "".
func (c *Client) Verify(ctx context.Context, digest string, fault func(string), progress func(proof.Done)) (proof.Done, error) {
	body, err := c.open(ctx, "verify", verifyOf{digest})
	if err != nil {
		return proof.Done{}, err
	}
	defer body.Close()
	for lines := json.NewDecoder(body); ; {
		var v verified
		switch err := lines.Decode(&v); {
		case err != nil:
			return proof.Done{}, errors.New("helpost broke off before it was done; its log says why")
		case v.Failed != "":
			return proof.Done{}, errors.New(v.Failed)
		case v.Fault != "":
			fault(v.Fault)
		case v.Progress != nil:
			progress(*v.Progress)
		case v.Done != nil:
			return *v.Done, nil
		}
	}
}

// Backup gives a backup as a stream, which the caller closes. One that is cut off ends with an error or without its end.
func (c *Client) Backup(ctx context.Context) (io.ReadCloser, error) {
	return c.open(ctx, "backup", struct{}{})
}

// Compact gives back the room of what is gone.
func (c *Client) Compact(ctx context.Context) (Compacted, error) {
	var done Compacted
	err := c.post(ctx, "compact", struct{}{}, &done)
	return done, err
}

// PersonExport gathers all that is kept of a person.
func (c *Client) PersonExport(ctx context.Context, address string) (life.Known, error) {
	var known life.Known
	err := c.post(ctx, "person/export", addressOf{address}, &known)
	return known, err
}

// PersonErase takes a person out of everything that is kept.
func (c *Client) PersonErase(ctx context.Context, address string) (life.Erased, error) {
	var erased life.Erased
	err := c.post(ctx, "person/erase", addressOf{address}, &erased)
	return erased, err
}

// Hold keeps a ticket from erasure and retention, or no longer.
func (c *Client) Hold(ctx context.Context, id string, on bool) error {
	return c.post(ctx, "ticket/hold", holdOf{id, on}, &counted{})
}
