package smtpd

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// Whatever is refused before the Taker has it is told, with what is known of it.
func TestRefusalsAreTold(t *testing.T) {
	var mu sync.Mutex
	var told []string
	s := open(t, Config{MaxMessage: 20_000, Refused: func(r Refusal) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprintf("%d %s>%s %t", r.Code, r.From, r.To, strings.Contains(string(r.Begin), "Subject:")))
	}}, &desk{rcpt: func(_ Envelope, rcpt string) error {
		if rcpt != helpdesk {
			return &Error{Kind: Unknown}
		}
		return nil
	}})
	c := s.hello(t)
	begin := func() {
		c.say("RSET\r\nMAIL FROM:<" + rina + ">\r\nRCPT TO:<x@company.com>\r\nRCPT TO:<" + helpdesk + ">\r\nDATA\r\n")
		for _, want := range []string{"250", "250", "550", "250", "354"} {
			c.want(want)
		}
	}
	begin()
	c.say(report + strings.Repeat("0123456789012345\r\n", 2000) + ".\r\n").want("552")
	begin()
	c.say(report + "a\nb\r\n.\r\n").want("550")
	begin()
	c.say(report + ".\r\n").want("250")
	unknown := "550 " + rina + ">x@company.com false"
	want := []string{unknown, "552 " + rina + "> true", unknown, "550 " + rina + "> true", unknown}
	mu.Lock()
	defer mu.Unlock()
	if strings.Join(told, "\n") != strings.Join(want, "\n") {
		t.Errorf("told:\n%s\nwant:\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
}
