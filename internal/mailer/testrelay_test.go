package mailer

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a relay's script may say instead of a reply.
const (
	usual   = ""     // what a good relay says
	cutLine = "!cut" // close without a word
	hangUp  = "!hang"
)

// testRelay is an SMTP server that does what a test tells it, over loopback.
type testRelay struct {
	t    testing.TB
	addr string

	// Set before start. script is asked at each step: CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY, RSET, QUIT.
	script    func(c *relayConn, step, line string) string
	offers    []string
	tls       *tls.Config
	implicit  bool
	password  string // "user:password"
	oneOnly   bool   // a second connection beside the first is refused
	closeEach bool   // closes after each mail
	discard   bool   // keeps no mails
	polite    bool   // lets DATA in without a recipient, and refuses at its end

	mu     sync.Mutex
	ln     net.Listener
	mails  []relayed
	steps  []string
	open   map[net.Conn]bool
	conns  int // accepted ever
	served sync.WaitGroup
}

// relayed is a mail that the relay has said 250 to.
type relayed struct {
	conn     int
	from, to string
	params   string
	data     string
	tls      bool
	user     string
}

// relayConn is what the relay knows of a connection.
type relayConn struct {
	net.Conn
	r        *bufio.Reader
	number   int
	mail     relayed
	hello    string
	finished int  // mails
	begun    bool // MAIL was accepted
	named    bool // RCPT was
}

// newRelay makes a relay with an address of its own that does not listen yet.
func newRelay(t testing.TB) *testRelay {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &testRelay{t: t, addr: ln.Addr().String(), ln: ln, open: map[net.Conn]bool{}}
	r.stop()
	t.Cleanup(r.stop)
	return r
}

// start makes the relay listen at its address.
func (r *testRelay) start() *testRelay {
	var ln net.Listener
	eventually(r.t, "the relay's address is free", func() bool {
		var err error
		ln, err = net.Listen("tcp", r.addr)
		return err == nil
	})
	r.mu.Lock()
	r.ln = ln
	r.mu.Unlock()
	r.served.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			r.accept(c)
		}
	})
	return r
}

func (r *testRelay) accept(c net.Conn) {
	r.mu.Lock()
	r.conns++
	number, full := r.conns, r.oneOnly && len(r.open) > 0
	r.open[c] = true
	r.mu.Unlock()
	r.served.Go(func() {
		defer func() {
			c.Close()
			r.mu.Lock()
			delete(r.open, c)
			r.mu.Unlock()
		}()
		if full {
			io.WriteString(c, "421 4.7.0 one connection is enough\r\n")
			return
		}
		r.serve(&relayConn{Conn: c, number: number})
	})
}

// stop is a relay that is gone: nothing listens, and all lines are cut.
func (r *testRelay) stop() {
	r.mu.Lock()
	if r.ln != nil {
		r.ln.Close()
	}
	for c := range r.open {
		c.Close()
	}
	r.mu.Unlock()
	r.served.Wait()
}

func (r *testRelay) sent() []relayed {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.mails)
}

// heard is the steps that were taken, in order.
func (r *testRelay) heard() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.steps)
}

func (r *testRelay) connections() (ever, now int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conns, len(r.open)
}

// reply gives the script's or the usual answer; false: the connection is over.
func (r *testRelay) reply(c *relayConn, step, line, good string) (said string, ok bool) {
	r.mu.Lock()
	if !r.discard {
		r.steps = append(r.steps, step)
	}
	script := r.script
	r.mu.Unlock()
	if script != nil {
		if s := script(c, step, line); s != usual {
			good = s
		}
	}
	switch good {
	case cutLine:
		return good, false
	case hangUp:
		io.Copy(io.Discard, c) // until the other side gives up
		return good, false
	}
	_, err := io.WriteString(c, good+"\r\n")
	return good, err == nil
}

func (r *testRelay) serve(c *relayConn) {
	if r.implicit {
		c.Conn = tls.Server(c.Conn, r.tls)
		c.mail.tls = true
	}
	c.r = bufio.NewReader(c.Conn)
	if _, ok := r.reply(c, "CONNECT", "", "220 relay.example ESMTP"); !ok {
		return
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil || !r.command(c, strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

func (r *testRelay) command(c *relayConn, line string) bool {
	verb, arg, _ := strings.Cut(line, " ")
	switch verb = strings.ToUpper(verb); verb {
	case "EHLO":
		c.hello = arg
		lines := append([]string{"relay.example"}, r.offers...)
		for i := range lines {
			lines[i] = "250" + map[bool]string{true: " ", false: "-"}[i == len(lines)-1] + lines[i]
		}
		_, ok := r.reply(c, verb, line, strings.Join(lines, "\r\n"))
		return ok
	case "STARTTLS":
		said, ok := r.reply(c, verb, line, "220 go ahead")
		if ok && strings.HasPrefix(said, "220") {
			c.Conn = tls.Server(c.Conn, r.tls)
			c.r = bufio.NewReader(c.Conn)
			c.mail.tls = true
		}
		return ok
	case "AUTH":
		return r.auth(c, arg)
	case "MAIL":
		from, params, _ := strings.Cut(strings.TrimPrefix(arg, "FROM:<"), ">")
		c.mail.from, c.mail.params = from, strings.TrimSpace(params)
		said, ok := r.reply(c, verb, line, "250 2.1.0 ok")
		c.begun, c.named = strings.HasPrefix(said, "2"), false
		return ok
	case "RCPT":
		c.mail.to = strings.Trim(strings.TrimPrefix(arg, "TO:"), "<>")
		if !c.begun {
			_, ok := r.reply(c, verb, line, "503 5.5.1 MAIL first")
			return ok
		}
		said, ok := r.reply(c, verb, line, "250 2.1.5 ok")
		c.named = strings.HasPrefix(said, "2")
		return ok
	case "DATA":
		return r.data(c)
	case "RSET":
		_, ok := r.reply(c, verb, line, "250 ok")
		return ok
	case "QUIT":
		r.reply(c, verb, line, "221 bye")
		return false
	}
	_, ok := r.reply(c, verb, line, "502 what?")
	return ok
}

func (r *testRelay) data(c *relayConn) bool {
	good := "354 go on"
	if !c.named && !r.polite {
		good = "554 5.5.1 nobody to send it to"
	}
	said, ok := r.reply(c, "DATA", "", good)
	if !ok || !strings.HasPrefix(said, "354") {
		return ok
	}
	var body strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		body.WriteString(strings.TrimPrefix(line, "."))
	}
	c.mail.data, c.mail.conn = body.String(), c.number
	good = "250 2.0.0 queued as 1"
	if !c.named {
		good = "554 5.5.1 nobody to send it to"
	}
	said, ok = r.reply(c, "BODY", "", good)
	if strings.HasPrefix(said, "250") && !r.discard {
		r.mu.Lock()
		r.mails = append(r.mails, c.mail)
		r.mu.Unlock()
	}
	return ok && !r.closeEach
}

func (r *testRelay) auth(c *relayConn, arg string) bool {
	mechanism, initial, _ := strings.Cut(arg, " ")
	var given string
	switch mechanism {
	case "PLAIN":
		b, _ := base64.StdEncoding.DecodeString(initial)
		given = strings.ReplaceAll(strings.TrimPrefix(string(b), "\x00"), "\x00", ":")
	case "LOGIN":
		var answers []string
		for _, ask := range []string{"Username:", "Password:"} {
			io.WriteString(c, "334 "+base64.StdEncoding.EncodeToString([]byte(ask))+"\r\n")
			line, err := c.r.ReadString('\n')
			if err != nil {
				return false
			}
			b, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
			answers = append(answers, string(b))
		}
		given = strings.Join(answers, ":")
	}
	good := "535 5.7.8 no"
	if given == r.password {
		good = "235 2.7.0 welcome"
		c.mail.user, _, _ = strings.Cut(given, ":")
	}
	_, ok := r.reply(c, "AUTH", arg, good)
	return ok
}

// testCertificate makes an authority of its own and a certificate for the names.
func testCertificate(t testing.TB, names ...string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "relay"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, name)
		}
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// eventually waits for what must come true, generously: machines are slow.
func eventually(t testing.TB, what string, true_ func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if true_() {
			return
		}
	}
	t.Fatalf("waited in vain for this: %s", what)
}
