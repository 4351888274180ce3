package smtpd

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// The next MAIL is answered when one of the mails before it is done, in the order in which they came, and after a second at most.
func TestTheGateLetsThemInOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate{bears: 2, atMost: time.Second}
		let := make(chan int, 10)
		waits := func(n int) {
			go func() {
				g.wait(t.Context())
				let <- n
			}()
			synctest.Wait()
		}
		expect := func(says string, want ...int) {
			t.Helper()
			synctest.Wait()
			if len(let) != len(want) {
				t.Fatalf("%s: %d are let in, want %v", says, len(let), want)
			}
			for _, n := range want {
				if got := <-let; got != n {
					t.Errorf("%s: %d is let in, want %d", says, got, n)
				}
			}
		}
		g.begin()
		waits(1)
		expect("there is room", 1)
		g.begin()
		waits(2)
		waits(3)
		waits(4)
		expect("there is none")
		g.end()
		expect("one is done", 2)
		g.begin()
		g.begin() // who was let in before
		g.end()
		expect("there are as many as before")
		g.end()
		expect("another is done", 3)
		time.Sleep(time.Second)
		expect("a second later", 4)
		if len(g.queue) != 0 {
			t.Errorf("%d wait still", len(g.queue))
		}
		ctx, cancel := context.WithCancel(t.Context())
		g.begin()
		go func() {
			g.wait(ctx)
			let <- 5
		}()
		synctest.Wait()
		expect("there is none again")
		cancel()
		expect("the server ends", 5)
		g.end()
		g.end()
		if g.busy != 0 {
			t.Errorf("%d are busy", g.busy)
		}
	})
}

// While as many mails as the gate bears are with the Taker, a client can say EHLO, and its MAIL is answered when one of them is done.
func TestABusyDeskAnswersMAILLater(t *testing.T) {
	takes, goOn := make(chan bool, gateBears), make(chan bool)
	d := &desk{take: func(context.Context, Mail) (string, error) {
		takes <- true
		<-goOn
		return "", nil
	}}
	s := open(t, Config{}, d)
	s.gate.atMost = time.Minute
	var busy []*client
	for range gateBears {
		c := s.hello(t).begin()
		busy = append(busy, c.say("Subject: x\r\n\r\nx\r\n.\r\n"))
		<-takes
	}
	late := s.hello(t)
	late.say("MAIL FROM:<" + rina + ">\r\n")
	waitFor(t, "MAIL waits", func() bool {
		s.gate.mu.Lock()
		defer s.gate.mu.Unlock()
		return len(s.gate.queue) == 1
	})
	goOn <- true
	late.want("250 2.0.0")
	close(goOn)
	for _, c := range busy {
		c.want("250 2.0.0")
	}
}
