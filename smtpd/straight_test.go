package smtpd

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// plainly is what unstuffer does, over the whole: slow and easy to read.
func plainly(all string) (content, rest string, ended, bare bool) {
	for left := all; ; {
		line, after, whole := strings.Cut(left, "\r\n")
		if whole && line == "." {
			rest, ended = after, true
			break
		}
		if strings.HasPrefix(line, ".") {
			line = strings.TrimPrefix(line[1:], "\r") // which is bare, or waits for what follows it
		}
		if content += line; !whole {
			break
		}
		content, left = content+"\r\n", after
	}
	return content, rest, ended, dotCR.MatchString(strings.TrimSuffix(all, rest))
}

var dotCR = regexp.MustCompile(`(^|\r\n)\.\r[^\n]`)

func TestAMailIsFoundHoweverItsPiecesCome(t *testing.T) {
	long := strings.Repeat("x", dotless)
	rapid.Check(t, func(t *rapid.T) {
		all := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{".", "\r", "\n", "\r\n", "\r\n.", "a", "bc", long, long + "\r\n", long + "\r\r\n"}), 0, 30).Draw(t, "mail"), "")
		longest := rapid.SampledFrom([]int{8, 300}).Draw(t, "longest piece")
		want, rest, ended, bare := plainly(all)
		var u unstuffer
		var got []byte
		for i := 0; ; {
			n := rapid.IntRange(1, longest).Draw(t, "piece")
			if n = min(n, len(all)-i); n == 0 {
				if ended {
					t.Fatalf("no end was found in %q", all)
				}
				break
			}
			piece := []byte(all[i : i+n])
			kept, used, over := u.feed(piece)
			got = append(got, piece[:kept]...)
			if i += used; over {
				if !ended || all[i:] != rest {
					t.Fatalf("an end was found before %q in %q", all[i:], all)
				}
				break
			}
		}
		if string(got) != want || u.bare != bare {
			t.Fatalf("%q became %q, want %q; bare %t, want %t", all, got, want, u.bare, bare)
		}
		if doubtful := strings.HasSuffix(strings.TrimSuffix(all, rest), "\r\r\n.\r\n"); ended && u.doubtful != doubtful {
			t.Fatalf("%q: doubtful %t, want %t", all, u.doubtful, doubtful)
		}
	})
}

func TestWhetherGoSMTPHoldsAPieceOfTheMail(t *testing.T) {
	for pieces, want := range map[string]bool{
		"EHLO a\r\n|MAIL FROM:<a@b>\r\n|DATA\r\n":        true,
		"EHLO a\r\n|data\r\n":                            true,
		"EHLO a\r\n|MAIL FROM:<a@b>\r\nRCPT\r\nDATA\r\n": true,
		"EHLO a\r\n|DATA\r\nSubject":                     false,
		"EHLO a\r\n|DATA\r\nDATA\r\n":                    false,
		"EHLO a\r\n|DA|TA\r\n":                           false,
		"EHLO a\r\n|DATA|\r\n":                           false,
		"EHLO a\r\n|DATA\r|\nDATA\r\n":                   false,
		"EHLO a\r\n|NOOP|DATA\r\n":                       false,
		"EHLO a\r\n|NOOP DATA\r\n":                       false,
		"EHLO a\r\n|DATA\n":                              false,
	} {
		var h handed
		for piece := range strings.SplitSeq(pieces, "|") {
			h = h.next([]byte(piece))
		}
		if h.onlyData != want {
			t.Errorf("%q: %t", pieces, h.onlyData)
		}
	}
}

// What waits behind a mail in the same packet is the next command, whichever way the mail is read.
func TestAMailAndTheCommandsBehindIt(t *testing.T) {
	content := report + ". a dot\r\n..two\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 3000)
	sent := strings.ReplaceAll("\r\n"+content, "\r\n.", "\r\n..")[2:] + ".\r\n"
	for _, way := range []string{"after 354", "with DATA", "in pieces"} {
		t.Run(way, func(t *testing.T) {
			s := open(t, Config{}, &desk{})
			c := s.hello(t)
			for i := range 3 {
				c.say(fmt.Sprintf("MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\n", rina, helpdesk)).want("250")
				c.want("250")
				switch way {
				case "after 354":
					c.say("DATA\r\n").want("354")
					c.say(sent + "NOOP\r\n")
				case "with DATA":
					c.say("DATA\r\n" + sent + "NOOP\r\n").want("354")
				case "in pieces":
					c.say("DATA\r\n").want("354")
					for rest := sent + "NOOP\r\n"; rest != ""; {
						n := min(len(rest), 1+(len(rest)*7919+i)%9000)
						if len(rest) < 12 {
							n = 1
							time.Sleep(time.Millisecond) // so that the end comes in pieces of its own
						}
						c.say(rest[:n])
						rest = rest[n:]
					}
				}
				c.want("250 2.0.0 kept")
				c.want("250")
			}
			for _, m := range s.taken() {
				if string(m.Data) != content {
					t.Errorf("%d bytes came of %d", len(m.Data), len(content))
				}
			}
			if n := len(s.taken()); n != 3 {
				t.Errorf("%d mails", n)
			}
		})
	}
}

// A mail that is too large is read to its end, so that nothing of it is a command.
func TestNothingOfALargeMailIsACommand(t *testing.T) {
	s := open(t, Config{MaxMessage: 20_000}, &desk{})
	c := s.hello(t)
	c.say(fmt.Sprintf("MAIL FROM:<%s>\r\n", rina)).want("250")
	c.say(fmt.Sprintf("RCPT TO:<%s>\r\n", helpdesk)).want("250")
	c.say("DATA\r\n").want("354")
	c.say(report + strings.Repeat("RCPT TO:<x@y>.\r\nQUIT.\r\n", 1000) + ".\r\n").want("552 5.3.4")
	c.say("NOOP\r\n").want("250")
	if len(s.taken()) != 0 {
		t.Error("it was taken")
	}
}

func TestABareCRBehindADotIsRefused(t *testing.T) {
	s := open(t, Config{}, &desk{})
	c := s.hello(t)
	c.say(fmt.Sprintf("MAIL FROM:<%s>\r\n", rina)).want("250")
	c.say(fmt.Sprintf("RCPT TO:<%s>\r\n", helpdesk)).want("250")
	c.say("DATA\r\n").want("354")
	c.say(report + ".\rQUIT\r\n.\r\n").want("550 5.6.0")
}
