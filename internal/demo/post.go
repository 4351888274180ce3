package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jhillyerd/enmime/v2"

	"helpost/internal/sop"
	"helpost/smtpd"
)

// Notice is a mail of ours that came to somebody.
type Notice struct {
	To, Subject, ReplyTo, MessageID, Text string
	Kind                                  sop.Kind
	Ticket                                string
	Raw                                   []byte
}

// Post is everybody's mailbox: helpost's relay hands it all mail, it keeps each as a file and tells of it.
type Post struct {
	Dir   string    // where the mails are kept as files
	Out   io.Writer // whom it tells
	Color bool

	mu    sync.Mutex
	got   []Notice
	files int
	last  Letter
	came  chan struct{}
}

// NewPost opens everybody's mailbox in a folder.
func NewPost(dir string, out io.Writer, color bool) (*Post, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &Post{Dir: dir, Out: out, Color: color, came: make(chan struct{}, 1)}, nil
}

// Rcpt takes mail for anybody (smtpd.Taker).
func (p *Post) Rcpt(context.Context, smtpd.Envelope, string) error { return nil }

// Take keeps a notice that helpost sent (smtpd.Taker).
func (p *Post) Take(_ context.Context, m smtpd.Mail) (string, error) {
	e, err := enmime.ReadEnvelope(bytes.NewReader(m.Data))
	if err != nil {
		return "", err
	}
	n := Notice{
		To: m.Rcpt[0], Subject: e.GetHeader("Subject"), MessageID: e.GetHeader("Message-ID"), Text: strings.ReplaceAll(e.Text, "\r\n", "\n"),
		Kind: sop.Kind(e.GetHeader("X-Helpost-Notice")), Ticket: e.GetHeader("X-Helpost-Ticket"), Raw: bytes.Clone(m.Data),
	}
	if all, err := e.AddressList("Reply-To"); err == nil && len(all) > 0 {
		n.ReplyTo = all[0].Address
	}
	name, err := p.file(string(n.Kind)+"-to-"+local(n.To), m.Data)
	if err != nil {
		return "", err
	}
	p.Say(p.paint(36, "  ← ") + fmt.Sprintf("helpost → %s  %s  %q", n.To, p.paint(1, string(n.Kind)), n.Subject) + p.paint(2, "  "+name))
	p.mu.Lock()
	p.got = append(p.got, n)
	p.mu.Unlock()
	select {
	case p.came <- struct{}{}:
	default:
	}
	return "kept", nil
}

// Say prints one line.
func (p *Post) Say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.Out, line)
}

// paint colours a text where the output is a terminal.
func (p *Post) paint(code int, s string) string {
	if !p.Color {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", code, s)
}

// Passed tells what helpost understood of a mail and did with it.
func (p *Post) Passed(from, subject, did string, raw []byte) {
	name, err := p.file("from-"+local(from), raw)
	if err != nil {
		name = err.Error()
	}
	p.Say(p.paint(32, "  → ") + fmt.Sprintf("%s → helpdesk  %q  %s", from, subject, p.paint(1, did)) + p.paint(2, "  "+name))
}

func (p *Post) file(what string, raw []byte) (string, error) {
	p.mu.Lock()
	p.files++
	name := fmt.Sprintf("%03d-%s.eml", p.files, what)
	p.mu.Unlock()
	return name, os.WriteFile(filepath.Join(p.Dir, name), raw, 0o600)
}

func local(address string) string {
	name, _, _ := strings.Cut(address, "@")
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
}

func (p *Post) count(kind sop.Kind, to string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, g := range p.got {
		if g.Kind == kind && g.To == to {
			n++
		}
	}
	return n
}

// find gives the last notice of a kind that somebody got, about a subject with a word in it.
func (p *Post) find(word string, kind sop.Kind, to string) Notice {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found Notice
	for _, g := range p.got {
		if g.Kind == kind && g.To == to && strings.Contains(g.Subject, word) {
			found = g
		}
	}
	return found
}

// patience is how long the story waits for an answer.
const patience = 15 * time.Second

func (p *Post) await(ctx context.Context, kind sop.Kind, to string, n int) error {
	end := time.After(patience)
	for p.count(kind, to) < n {
		select {
		case <-p.came:
		case <-time.After(20 * time.Millisecond):
		case <-end:
			return fmt.Errorf("no %q came for %s", kind, to)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Send hands a letter to helpost by SMTP, as a mail server of the company would. from is the address it is sent from: a
// trusted one proves the sender.
func Send(ctx context.Context, from, address string, l *Letter) error {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	client, err := smtp.NewClient(conn, "helpost.demo")
	if err != nil {
		return err
	}
	defer client.Close()
	to := l.To
	if to == "" {
		to = Helpdesk
	}
	if err := client.Mail(l.From); err != nil {
		return err
	}
	if err := client.Rcpt(to); err != nil {
		return err
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(l.write(to)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return client.Quit()
}

var serial struct {
	sync.Mutex
	n int
}

// write is the letter as a mail. A letter keeps its Message-ID, so that it can be sent again.
func (l *Letter) write(to string) []byte {
	if l.raw != nil {
		return l.raw
	}
	serial.Lock()
	serial.n++
	id := fmt.Sprintf("<%d.%d@company.com>", time.Now().UnixNano(), serial.n)
	serial.Unlock()
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: %s\r\nDate: %s\r\nMIME-Version: 1.0\r\n",
		mime.QEncoding.Encode("utf-8", quoteName(l.Name)), l.From, to, mime.QEncoding.Encode("utf-8", l.Subject), id, time.Now().Format(time.RFC1123Z))
	if l.InReplyTo != "" {
		fmt.Fprintf(&b, "In-Reply-To: %s\r\nReferences: %s\r\n", l.InReplyTo, l.InReplyTo)
	}
	const edge = "demo-boundary-7f3a"
	if l.Picture != nil {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%q\r\n\r\n--%s\r\n", edge, edge)
	}
	b.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	qp := quotedprintable.NewWriter(&b)
	_, _ = io.WriteString(qp, strings.ReplaceAll(l.Text, "\n", "\r\n")) // into memory: it cannot fail
	_ = qp.Close()
	if l.Picture != nil {
		fmt.Fprintf(&b, "\r\n--%s\r\nContent-Type: image/png; name=\"layar.png\"\r\nContent-Disposition: attachment; filename=\"layar.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", edge)
		for text := base64.StdEncoding.EncodeToString(l.Picture); len(text) > 0; {
			n := min(76, len(text))
			b.WriteString(text[:n] + "\r\n")
			text = text[n:]
		}
		fmt.Fprintf(&b, "--%s--\r\n", edge)
	}
	l.raw = b.Bytes()
	return l.raw
}

func quoteName(name string) string {
	if strings.ContainsAny(name, ",()") {
		return `"` + name + `"`
	}
	return name
}
