// Package api is what helpost says by HTTP: the JSON API, health and metrics on a TCP listener, and the verbs of the
// command line on the control socket, with the client that speaks them.
//
// It reads the store and hands everything that changes something to a Desk. It knows no rule of the SOP, sends no mail and
// serves no pages yet.
package api

import (
	"context"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"time"

	"helpost/internal/blob"
	"helpost/internal/report"
	"helpost/internal/store"
	"helpost/smtpd"
)

// Desk is what the verbs have carried out. Its errors are *smtpd.Error, store.ErrNotFound, or faults.
type Desk interface {
	// A mail that `take` brings, as one that came by SMTP.
	smtpd.Taker
	// Retry makes rows of the outbox due now, all of them where none is named, and says how many. An unknown one is
	// store.ErrNotFound, and nothing is changed.
	Retry(ctx context.Context, ids []uint64) (int, error)
	// Drop takes a row out of the outbox for good, which is traced; an unknown one is store.ErrNotFound.
	Drop(ctx context.Context, id uint64) error
	// Release takes a quarantined mail as if its sender might report, and says what became of it: the ticket's id.
	// An unknown one is store.ErrNotFound.
	Release(ctx context.Context, id string) (string, error)
}

// Options are what a Server is made of.
type Options struct {
	Store   store.Store
	Blobs   blob.Store
	Desk    Desk
	Keeper  Keeper                                 // nil: its verbs are not there
	Prefix  string                                 // of ticket numbers
	Token   string                                 // of the API; "": the API on TCP is closed
	MaxMail int64                                  // of a mail that `take` brings, in bytes; 0: 25 MB
	Checks  []Check                                // what must hold, beside the store, for helpost to be ready
	Alarms  func() []Alarm                         // that stand; nil: none ever does
	Metrics func(context.Context, io.Writer) error // writes Prometheus' text format; nil: there are none
	Counted func(code int, took time.Duration)     // told of each request; nil: nobody is
	Log     *slog.Logger
	// Figures counts; nil: there are no reports. What cannot be understood is report.ErrAsk.
	Figures func(context.Context, report.Ask) (report.Report, error)
	Note    func(context.Context) error // writes down what is known of mails and not in the store yet; nil: nothing ever is
}

// Check is something without which helpost is not ready.
type Check struct {
	Name string
	Test func(context.Context) error // the error's text is shown to whoever asks
}

// Alarm is something that is wrong although mail can be taken, or may soon be: readiness names it.
type Alarm struct {
	Alarm string    `json:"alarm"`
	Since time.Time `json:"since"`
	Text  string    `json:"text"`
}

// Server answers HTTP. All its methods may be called from many goroutines.
type Server struct {
	Options
	token [sha256.Size]byte
}

// New makes a server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxMail == 0 {
		o.MaxMail = 25 << 20
	}
	if o.Counted == nil {
		o.Counted = func(int, time.Duration) {}
	}
	return &Server{Options: o, token: sha256.Sum256([]byte(o.Token))}
}

// The time that work on one request may take.
const (
	requestTime = 30 * time.Second
	controlTime = 10 * time.Minute // a mail may come slowly through a pipe
)

// Public is what the TCP listener serves (contract §8): nothing of it changes anything.
func (s *Server) Public() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", s.only(http.MethodGet, s.health))
	mux.HandleFunc("/readyz", s.only(http.MethodGet, s.ready))
	mux.HandleFunc("/metrics", s.only(http.MethodGet, s.metrics))
	mux.HandleFunc("/api/", s.bearer(s.routes(s.read())))
	mux.HandleFunc("/", s.unknown)
	return s.around(mux, requestTime)
}

// Control is what the control socket serves: who may open the socket may do everything.
func (s *Server) Control() http.Handler {
	mux := s.read()
	mux.HandleFunc("/healthz", s.only(http.MethodGet, s.health))
	mux.HandleFunc("/readyz", s.only(http.MethodGet, s.ready))
	for path, serve := range map[string]handler{
		"queue/list":         s.queueList,
		"queue/retry":        s.queueRetry,
		"queue/drop":         s.queueDrop,
		"quarantine/list":    s.quarantineList,
		"quarantine/release": s.quarantineRelease,
		"take":               s.take,
		"trace":              s.trace,
		"policy":             s.policy,
		"report":             s.figures,
	} {
		mux.HandleFunc("/control/"+path, s.only(http.MethodPost, serve))
	}
	mux.HandleFunc("/", s.unknown)
	short := s.around(mux, controlTime)
	if s.Keeper == nil {
		return short
	}
	long := s.keep()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := long.Handler(r); pattern != "" {
			s.around(long, keepTime).ServeHTTP(w, r)
			return
		}
		short.ServeHTTP(w, r)
	})
}

// read are the routes of the JSON API.
func (s *Server) read() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/tickets", s.only(http.MethodGet, s.listTickets))
	mux.HandleFunc("/api/v1/tickets/{id}", s.only(http.MethodGet, s.showTicket))
	mux.HandleFunc("/api/v1/tickets/{id}/attachments/{sha256}", s.only(http.MethodGet, s.attachment))
	return mux
}

// routes serves a mux whose unknown paths are problems too.
func (s *Server) routes(mux *http.ServeMux) http.HandlerFunc {
	mux.HandleFunc("/", s.unknown)
	return mux.ServeHTTP
}

// handler answers a request; an error becomes a problem object.
type handler func(w http.ResponseWriter, r *http.Request) error

// only lets one method in (GET stands for HEAD too) and turns errors into problems.
func (s *Server) only(method string, serve handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method && (method != http.MethodGet || r.Method != http.MethodHead) {
			allow := method
			if method == http.MethodGet {
				allow = "GET, HEAD"
			}
			w.Header().Set("Allow", allow)
			write(w, problem(http.StatusMethodNotAllowed, "this address takes %s", allow))
			return
		}
		if err := serve(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

func (s *Server) unknown(w http.ResponseWriter, _ *http.Request) {
	write(w, problem(http.StatusNotFound, "there is nothing at this address"))
}

// around sets what every answer has and counts requests.
func (s *Server) around(next http.Handler, limit time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		seen := &status{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(seen, r.WithContext(ctx))
		s.Counted(seen.code, time.Since(begun))
	})
}

// status remembers the code of an answer.
type status struct {
	http.ResponseWriter
	code  int
	wrote bool
}

func (s *status) WriteHeader(code int) {
	if !s.wrote {
		s.code, s.wrote = code, true
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Write(b []byte) (int, error) {
	s.wrote = true
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find what lies beneath.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
