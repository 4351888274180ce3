package smtpd

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
)

// nowhere is a Taker that forgets.
type nowhere struct{}

func (nowhere) Rcpt(context.Context, Envelope, string) error { return nil }
func (nowhere) Take(context.Context, Mail) (string, error)   { return "IT-000001", nil }

func benchServer(b *testing.B) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := New(Config{}, nowhere{})
	go s.Serve(context.Background(), ln)
	b.Cleanup(func() { s.Shutdown(context.Background()) })
	return ln.Addr().String()
}

func benchClient(b *testing.B, addr string) *client {
	raw, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	c := &client{raw, bufio.NewReader(raw), b}
	c.want("220")
	c.say("EHLO x\r\n").want("250")
	return c
}

// One mail of 2 KB a connection, 50 connections at a time.
func BenchmarkMailAConnection(b *testing.B) {
	addr := benchServer(b)
	mail := report + strings.Repeat(strings.Repeat("a", 76)+"\r\n", 24) + ".\r\n"
	b.SetParallelism(25)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c := benchClient(b, addr)
			c.begin().say(mail).want("250")
			c.say("QUIT\r\n").want("221")
			c.Close()
		}
	})
}

func BenchmarkMailOf24MB(b *testing.B) {
	mail := append(bytes.Repeat([]byte(strings.Repeat("QUJD", 19)+"\r\n"), 24<<20/78), ".\r\n"...)
	c := benchClient(b, benchServer(b))
	b.SetBytes(int64(len(mail)))
	b.ReportAllocs()
	for b.Loop() {
		c.begin()
		if _, err := c.Write(mail); err != nil {
			b.Fatal(err)
		}
		c.want("250")
	}
}
