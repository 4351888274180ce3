package mailer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is an open connection to the relay: greeted, protected, authenticated.
type session struct {
	client *smtp.Client // for all but transactions
	wire   *wire        // for these
	guard  *guard
	used   bool      // it has served a mail, so that the relay may have closed it since
	since  time.Time // when it fell idle
}

// Probe connects to the relay as the mailer does, and leaves again: for `helpost check`. Its error names the address.
func Probe(ctx context.Context, cfg Config) error {
	if err := cfg.complete(); err != nil {
		return err
	}
	s, err := connect(ctx, &cfg)
	if err != nil {
		return err
	}
	s.quit()
	return nil
}

// connect opens a session within twice Config.Timeout. Its error says how far it came.
func connect(ctx context.Context, cfg *Config) (*session, error) {
	s, err := open(ctx, cfg)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("relay %s: %w", cfg.Address, err)
	}
	return s, nil
}

func open(ctx context.Context, cfg *Config) (*session, error) {
	raw, err := (&net.Dialer{Timeout: cfg.Timeout}).DialContext(ctx, "tcp", cfg.Address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	s, err := greet(ctx, cfg, raw)
	if err != nil {
		raw.Close()
		return nil, err
	}
	return s, nil
}

// greet brings a fresh connection to where mail can be sent.
func greet(ctx context.Context, cfg *Config, raw net.Conn) (*session, error) {
	g := &guard{Conn: raw, stall: cfg.Timeout}
	if err := g.within(cfg.Timeout); err != nil {
		return nil, err
	}
	conn, err := protect(ctx, cfg, g)
	if err != nil {
		return nil, err
	}
	client := smtp.NewClient(conn)
	client.CommandTimeout, client.SubmissionTimeout = cfg.Timeout, cfg.DataTimeout
	if err := client.Hello(cfg.Hello); err != nil {
		return nil, fmt.Errorf("greeting and EHLO: %w", err)
	}
	if err := authenticate(cfg, client, conn); err != nil {
		return nil, err
	}
	g.end = time.Time{}
	return &session{client: client, wire: newWire(conn, client, cfg), guard: g}, g.SetDeadline(time.Time{})
}

// protect gives the connection that mail may be sent on: under TLS where that is configured, and never without.
func protect(ctx context.Context, cfg *Config, g *guard) (net.Conn, error) {
	if cfg.TLS == NoTLS {
		return g, nil
	}
	if cfg.TLS == StartTLS {
		if err := startTLS(cfg, g); err != nil {
			return nil, fmt.Errorf("STARTTLS: %w", err)
		}
	}
	host, _, err := net.SplitHostPort(cfg.Address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(g, &tls.Config{ServerName: host, RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12})
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	if cfg.TLS == StartTLS {
		return &greeted{Conn: conn, banner: "220 under TLS\r\n"}, nil
	}
	return conn, nil
}

// startTLS asks for TLS under our own name. smtp.NewClientStartTLS would do so as "localhost", which relays may refuse.
func startTLS(cfg *Config, g *guard) error {
	text := textproto.NewConn(g)
	if _, _, err := text.ReadResponse(220); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	if err := text.PrintfLine("EHLO %s", cfg.Hello); err != nil {
		return err
	}
	_, offers, err := text.ReadResponse(250)
	if err != nil {
		return fmt.Errorf("EHLO: %w", err)
	}
	offered := slices.ContainsFunc(strings.Split(offers, "\n"), func(line string) bool {
		return strings.EqualFold(strings.TrimSpace(line), "STARTTLS")
	})
	if !offered {
		return errors.New("the relay does not offer it, and without it nothing is sent")
	}
	if err := text.PrintfLine("STARTTLS"); err != nil {
		return err
	}
	if _, _, err := text.ReadResponse(220); err != nil {
		return err
	}
	if text.R.Buffered() > 0 {
		return errors.New("the relay goes on in plaintext")
	}
	return nil
}

// greeted is a connection after STARTTLS. The SMTP client expects a greeting on a new connection; there is none
// (RFC 3207 §4.2), so the one before TLS is said again.
type greeted struct {
	net.Conn
	banner string
}

func (c *greeted) Read(b []byte) (int, error) {
	if c.banner != "" {
		n := copy(b, c.banner)
		c.banner = c.banner[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// authenticate gives the password, if there is one, and never in plaintext over a network.
func authenticate(cfg *Config, client *smtp.Client, conn net.Conn) error {
	if cfg.Username == "" {
		return nil
	}
	if cfg.TLS == NoTLS && !loopback(conn.RemoteAddr()) {
		return errors.New("AUTH: a password is sent under TLS only: set relay.tls")
	}
	var mechanism sasl.Client
	switch {
	case client.SupportsAuth(sasl.Plain):
		mechanism = sasl.NewPlainClient("", cfg.Username, cfg.Password)
	case client.SupportsAuth(sasl.Login):
		mechanism = &login{answers: []string{cfg.Username, cfg.Password}}
	default:
		return errors.New("AUTH: the relay offers neither PLAIN nor LOGIN")
	}
	if err := client.Auth(mechanism); err != nil {
		return fmt.Errorf("AUTH: %w", err)
	}
	return nil
}

func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// login is AUTH LOGIN, which no RFC describes: the server asks twice, in words of its own choice, and is answered in
// order. (sasl's own insists on the words, and on an initial response.)
type login struct{ answers []string }

func (*login) Start() (string, []byte, error) { return sasl.Login, nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, errors.New("the relay asks more than name and password")
	}
	answer := l.answers[0]
	l.answers = l.answers[1:]
	return []byte(answer), nil
}

// quitTimeout bounds the farewell: the relay owes us nothing any more.
const quitTimeout = 2 * time.Second

// quit says goodbye and closes.
func (s *session) quit() {
	if s.guard.within(quitTimeout) == nil && s.client.Quit() == nil {
		return
	}
	s.drop()
}

// drop closes without a word. Nothing can be lost by it, so its error says nothing.
func (s *session) drop() { _ = s.guard.Conn.Close() }
