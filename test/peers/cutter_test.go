package peers

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// cutter is a line between two mail servers that can break at the worst moment: when the mail is kept and the 250 that
// says so is on its way. The sender must believe that nothing was taken, and sends the mail again.
type cutter struct {
	address, to string
	cuts        atomic.Int32 // how many 250s are still to be lost
	mu          sync.Mutex
	open        map[net.Conn]bool
	wait        sync.WaitGroup
}

func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ports.Store(l.Addr().String(), true)
	c := &cutter{address: l.Addr().String(), to: to, open: map[net.Conn]bool{}}
	c.wait.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			c.wait.Go(func() { c.serve(client) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		c.mu.Lock()
		for conn := range c.open {
			conn.Close()
		}
		c.mu.Unlock()
		c.wait.Wait()
	})
	return c
}

func (c *cutter) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.to)
	if err != nil {
		return // as if nobody listened here
	}
	defer server.Close()
	c.keep(client, server)
	defer c.forget(client, server)
	c.wait.Go(func() {
		_, _ = io.Copy(server, client) // an end on either side ends both
		server.Close()
	})
	c.answers(client, server)
}

// answers passes on what the server says; the 250 that ends a DATA is the one behind a 354.
func (c *cutter) answers(client, server net.Conn) {
	said, data := make([]byte, 16<<10), false
	for {
		n, err := server.Read(said)
		answer := string(said[:n])
		if data && strings.HasPrefix(answer, "250") && c.cuts.Add(-1) >= 0 {
			return
		}
		before := strings.TrimSuffix(answer, "\r\n")
		data = strings.HasPrefix(before[strings.LastIndexByte(before, '\n')+1:], "354")
		if _, failed := client.Write(said[:n]); failed != nil || err != nil {
			return
		}
	}
}

func (c *cutter) keep(all ...net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range all {
		c.open[conn] = true
	}
}

func (c *cutter) forget(all ...net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range all {
		delete(c.open, conn)
	}
}
