package smtpd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// Server is the door. Make it with New, open it with Serve, once.
type Server struct {
	cfg   Config
	taker Taker
	smtp  *smtp.Server
	stats Stats
	gate  gate

	run      string        // tells the sessions of two runs apart
	sessions atomic.Uint64 // counts them

	ctx    context.Context // what a Taker gets; ends when Shutdown gives up
	cancel context.CancelFunc

	mu        sync.Mutex
	closing   bool
	conns     map[*conn]struct{}
	perAddr   map[netip.Addr]int
	mails     int // calls of Data that run: with BDAT they may outlive their connection
	listeners []net.Listener
	changed   chan struct{} // holds a word when conns or mails became fewer
	serving   sync.WaitGroup
	stopped   chan struct{} // closed when Shutdown is over
}

// New makes a Server that hands its mails to t.
func New(cfg Config, t Taker) *Server {
	s := &Server{
		cfg: cfg.withDefaults(), taker: t, run: strconv.FormatUint(uint64(rand.Uint32()), 36),
		conns: map[*conn]struct{}{}, perAddr: map[netip.Addr]int{},
		changed: make(chan struct{}, 1), stopped: make(chan struct{}),
		gate: gate{bears: gateBears, atMost: gateWait},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	srv := smtp.NewServer(smtp.BackendFunc(s.newSession))
	srv.Domain = s.cfg.Hostname
	srv.LMTP = s.cfg.LMTP
	srv.TLSConfig = tlsConfig(s.cfg)
	srv.MaxRecipients = s.cfg.Limits.Recipients
	srv.MaxMessageBytes = s.cfg.MaxMessage + 1 // go-smtp refuses a DATA of exactly this size; EHLO names it too, and who sends that byte gets his 552
	srv.MaxLineLength = 0                      // it would cut lines of mails too; conn bounds the command lines
	srv.ReadTimeout = s.cfg.Limits.Command
	srv.WriteTimeout = s.cfg.Limits.Reply
	srv.EnableSMTPUTF8 = true
	srv.ErrorLog = errorLog{s}
	s.smtp = srv
	return s
}

// Stats counts what happened so far; it may be read at any time.
func (s *Server) Stats() *Stats { return &s.stats }

// Limits are those that hold, defaults filled in.
func (s *Server) Limits() Limits { return s.cfg.Limits }

// Listen opens addresses as Config.Listen spells them: all or none.
func Listen(ctx context.Context, addrs []string) ([]net.Listener, error) {
	var lns []net.Listener
	lc := net.ListenConfig{KeepAlive: -1} // every read and write has a deadline of ours
	lc.SetMultipathTCP(false)             // a server at one address gains nothing from it
	for _, addr := range addrs {
		network := "tcp"
		if path, ok := strings.CutPrefix(addr, "unix:"); ok {
			network, addr = "unix", path
		}
		ln, err := lc.Listen(ctx, network, addr)
		if err != nil {
			closeAll(lns)
			return nil, fmt.Errorf("smtpd: listen: %w", err)
		}
		lns = append(lns, ln)
	}
	return lns, nil
}

func closeAll(lns []net.Listener) {
	for _, ln := range lns {
		_ = ln.Close() // one that is closed already is what we want
	}
}

// Serve takes mail on the listeners, or on Config.Listen where none is given, until ctx ends, Shutdown is called or a listener
// fails. When ctx ends it shuts down by itself within 10 s. It returns when all is quiet; nil after an ordinary end.
func (s *Server) Serve(ctx context.Context, lns ...net.Listener) error {
	if len(lns) == 0 {
		var err error
		if lns, err = Listen(ctx, s.cfg.Listen); err != nil {
			return err
		}
	}
	failed := make(chan error, len(lns))
	if !s.open(lns, failed) {
		closeAll(lns)
		return nil
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	case <-s.stopped:
		return nil
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, s.Shutdown(end))
}

// open starts a go-smtp loop a listener; false where the server is shut down.
func (s *Server) open(lns []net.Listener, failed chan<- error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.listeners = append(s.listeners, lns...)
	for _, ln := range lns {
		s.cfg.Log.Info("door is open", "address", ln.Addr(), "lmtp", s.cfg.LMTP)
		s.serving.Go(func() {
			if err := s.smtp.Serve(listener{ln, s}); err != nil && !s.isClosing() {
				failed <- fmt.Errorf("smtpd: %s: %w", ln.Addr(), err)
			}
		})
	}
	return true
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// Shutdown closes the door: no new clients, 421 to idle ones, Limits.Drain for mails under way, and Taker finishes what it has
// begun. It returns when nothing runs any more, or with ctx's error when ctx ends first: then Taker's context ends too.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	first := !s.closing
	s.closing = true
	closeAll(s.listeners)
	for c := range s.conns {
		c.leave()
	}
	s.mu.Unlock()
	if !first {
		select {
		case <-s.stopped:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer close(s.stopped)
	defer s.cancel()
	err := s.drain(ctx)
	if err == nil {
		s.serving.Wait()
		err = s.smtp.Shutdown(ctx) // nothing is left but the last steps of its goroutines: this waits for them
	}
	if err == nil || errors.Is(err, net.ErrClosed) { // of the listeners, which were closed above
		s.cfg.Log.Info("door is closed")
		return nil
	}
	return err
}

// drain waits for mails under way, then cuts them, and closes by force what is left at the end of ctx.
func (s *Server) drain(ctx context.Context) error {
	patience := time.NewTimer(s.patience(ctx))
	defer patience.Stop()
	for {
		s.mu.Lock()
		quiet := len(s.conns) == 0 && s.mails == 0
		s.mu.Unlock()
		if quiet {
			return nil
		}
		select {
		case <-s.changed:
		case <-patience.C:
			s.each((*conn).cut)
		case <-ctx.Done():
			s.cancel()
			s.each(func(c *conn) { _ = c.Conn.Close() }) // by force; its goroutine does the rest
			return ctx.Err()
		}
	}
}

// patience is Limits.Drain, or less where ctx leaves less: half of its time is for what Taker has begun.
func (s *Server) patience(ctx context.Context) time.Duration {
	d := s.cfg.Limits.Drain
	if end, ok := ctx.Deadline(); ok {
		d = min(d, time.Until(end)/2)
	}
	return d
}

func (s *Server) each(do func(*conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		do(c)
	}
}

// enter and exit count mails that are being read or taken.
func (s *Server) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails++
}

func (s *Server) exit() {
	s.mu.Lock()
	s.mails--
	s.mu.Unlock()
	s.wake()
}

func (s *Server) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}
