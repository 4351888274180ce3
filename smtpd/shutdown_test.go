package smtpd

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

func (s *door) shutdown(limit time.Duration) chan error {
	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	go func() {
		defer cancel()
		done <- s.Shutdown(ctx)
	}()
	return done
}

func TestShutdownSendsIdleClientsAway(t *testing.T) {
	s := open(t, Config{}, &desk{})
	var idle []*client
	for range 5 {
		idle = append(idle, s.hello(t))
	}
	idle[1].say("MAIL FROM:<>\r\n").want("250")
	if err := <-s.shutdown(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	for _, c := range idle {
		c.want("421")
		if codes := c.closed(); len(codes) > 0 {
			t.Errorf("more replies: %q", codes)
		}
	}
	if c, err := net.Dial("tcp", s.addr); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

func TestAMailUnderWayAtShutdownIsTaken(t *testing.T) {
	s := open(t, Config{Limits: Limits{Drain: time.Minute}}, &desk{})
	data, bdat := s.hello(t).begin(), s.hello(t)
	data.say(report[:20])
	bdat.say("MAIL FROM:<>\r\nRCPT TO:<" + helpdesk + ">\r\nBDAT 4\r\na\r\nb")
	for range 3 {
		bdat.want("250")
	}
	waitFor(t, "both mails are under way", func() bool { return s.underWay() == 2 })
	done := s.shutdown(2 * time.Minute)
	waitFor(t, "it is shutting down", s.isClosing)
	data.say(report[20:] + ".\r\n").want("250 2.0.0 kept")
	data.want("421")
	bdat.say("BDAT 3 LAST\r\nc\r\n").want("250 2.0.0 kept")
	bdat.want("421")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := len(s.taken()); n != 2 {
		t.Errorf("%d mails taken", n)
	}
}

func (s *Server) underWay() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mails
}

func TestAMailThatStallsAtShutdownIsCut(t *testing.T) {
	s := open(t, Config{Limits: Limits{Drain: 50 * time.Millisecond}}, &desk{})
	data, bdat := s.hello(t).begin(), s.hello(t)
	data.say(report)
	bdat.say("MAIL FROM:<>\r\nRCPT TO:<" + helpdesk + ">\r\nBDAT 400 LAST\r\na\r\nb")
	bdat.want("250")
	bdat.want("250")
	waitFor(t, "both mails are under way", func() bool { return s.underWay() == 2 })
	if err := <-s.shutdown(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*client{data, bdat} {
		c.want("421 4.3.2")
		c.closed()
	}
	if n := len(s.taken()); n != 0 {
		t.Errorf("%d mails taken", n)
	}
}

func TestShutdownWaitsForTheTaker(t *testing.T) {
	inside, finish := make(chan struct{}), make(chan struct{})
	s := open(t, Config{Limits: Limits{Drain: time.Millisecond}}, &desk{take: func(ctx context.Context, _ Mail) (string, error) {
		close(inside)
		<-finish
		return "", ctx.Err()
	}})
	c := s.hello(t).begin().say(report + ".\r\n")
	<-inside
	done := s.shutdown(10 * time.Second)
	waitFor(t, "it is shutting down", s.isClosing)
	select {
	case <-done:
		t.Fatal("Shutdown did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	close(finish)
	c.want("250 2.0.0 kept as IT-000001")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	c.closed()
}

func TestShutdownGivesUpWithItsContext(t *testing.T) {
	s := open(t, Config{}, &desk{take: func(ctx context.Context, _ Mail) (string, error) {
		<-ctx.Done() // a Taker that heeds only its context
		return "", ctx.Err()
	}})
	s.hello(t).begin().say(report + ".\r\n")
	waitFor(t, "the mail is there", func() bool { return s.underWay() == 1 })
	if err := <-s.shutdown(100 * time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	waitFor(t, "the Taker is told", func() bool { return s.underWay() == 0 && s.Stats().Open.Load() == 0 })
	if n := len(s.taken()); n != 0 {
		t.Errorf("%d mails taken", n)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	lns, err := Listen(ctx, []string{"127.0.0.1:0", "unix:" + t.TempDir() + "/s"})
	if err != nil {
		t.Fatal(err)
	}
	s, ended := New(Config{}, &desk{}), make(chan error, 1)
	go func() { ended <- s.Serve(ctx, lns...) }()
	for _, ln := range lns {
		raw, err := net.Dial(ln.Addr().Network(), ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		talk(t, raw).want("220 localhost")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := s.Serve(t.Context(), lns...); err != nil {
		t.Errorf("Serve after the end: %v", err)
	}
}

func TestServeSaysWhichListenerFailed(t *testing.T) {
	lns, err := Listen(t.Context(), []string{"127.0.0.1:0", "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	s, ended := New(Config{}, &desk{}), make(chan error, 1)
	go func() { ended <- s.Serve(t.Context(), lns...) }()
	waitFor(t, "it listens", func() bool {
		raw, err := net.Dial("tcp", lns[0].Addr().String())
		return err == nil && raw.Close() == nil
	})
	lns[1].Close()
	if err := <-ended; err == nil {
		t.Error("no error")
	}
	if _, err := Listen(t.Context(), []string{"127.0.0.1:0", "256.0.0.1:nowhere"}); err == nil {
		t.Error("Listen at no address: no error")
	}
}
