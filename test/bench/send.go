package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// send sends n distinct mails over so many connections, one mail a connection, and measures.
func send(ctx context.Context, addr string, s shape, n int) (result, error) {
	var next atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	picture := make([]byte, s.picture)
	_, _ = rand.Read(picture) // never fails
	begun := time.Now()
	var wait sync.WaitGroup
	for range s.conns {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				d, err := one(addr, report(i, picture))
				mu.Lock()
				if err != nil && failed == nil {
					failed = fmt.Errorf("mail %d: %w", i, err)
				}
				took = append(took, d)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	seconds := time.Since(begun).Seconds()
	if failed != nil {
		return result{}, failed
	}
	slices.Sort(took)
	at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
	return result{rate: float64(n) / seconds, p50: at(.5), p99: at(.99)}, nil
}

// one sends one mail on a connection of its own, and measures from DATA to its 250.
func one(addr string, raw []byte) (time.Duration, error) {
	conn, err := net.DialTimeout("tcp", addr, 30*time.Second)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(60 * time.Second)); err != nil {
		return 0, err
	}
	c := textproto.NewConn(conn)
	if _, _, err := c.ReadResponse(220); err != nil {
		return 0, err
	}
	from := raw[bytes.IndexByte(raw, '<')+1 : bytes.IndexByte(raw, '>')]
	for _, step := range []struct {
		say  string
		want int
	}{{"EHLO bench.company.com", 250}, {"MAIL FROM:<" + string(from) + ">", 250}, {"RCPT TO:<helpdesk@company.com>", 250}} {
		if err := c.PrintfLine("%s", step.say); err != nil {
			return 0, err
		}
		if _, _, err := c.ReadResponse(step.want); err != nil {
			return 0, err
		}
	}
	begun := time.Now()
	if err := c.PrintfLine("DATA"); err != nil {
		return 0, err
	}
	if _, _, err := c.ReadResponse(354); err != nil {
		return 0, err
	}
	if _, err := conn.Write(append(raw, "\r\n.\r\n"...)); err != nil {
		return 0, err
	}
	if _, _, err := c.ReadResponse(250); err != nil {
		return 0, err
	}
	took := time.Since(begun)
	if err := c.PrintfLine("QUIT"); err != nil {
		return 0, err
	}
	_, _, err = c.ReadResponse(221)
	return took, err
}

// report is a mail of some 2 KB, or of as much more as its picture has.
func report(i int, picture []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: Karyawan %d <karyawan%04d@company.com>\r\nTo: <helpdesk@company.com>\r\nSubject: Printer lantai %d macet (%d)\r\nMessage-ID: <bench.%d.%d@company.com>\r\nDate: %s\r\nMIME-Version: 1.0\r\n",
		i%2000, i%2000, i%9, i, i, time.Now().UnixNano(), time.Now().Format(time.RFC1123Z))
	text := "Nama: Karyawan " + fmt.Sprint(i%2000) + "\r\nDivisi: Keuangan\r\nKode aset: NB-FIN-" + fmt.Sprintf("%04d", i%10000) + "\r\n\r\n" +
		strings.Repeat("Printer macet sejak pagi, dokumen tidak bisa dicetak; sementara memakai printer lain.\r\n", 18)
	if len(picture) == 0 {
		b.WriteString("Content-Type: text/plain; charset=utf-8\r\n\r\n" + text)
		return b.Bytes()
	}
	b.WriteString("Content-Type: multipart/mixed; boundary=bench\r\n\r\n--bench\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text)
	b.WriteString("\r\n--bench\r\nContent-Type: image/png; name=layar.png\r\nContent-Disposition: attachment; filename=layar.png\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	copy(picture, "\x89PNG\r\n\x1a\n")
	own := append(bytes.Clone(picture[:len(picture)-16]), fmt.Sprintf("%016d", i)...)
	for rest := base64.StdEncoding.EncodeToString(own); len(rest) > 0; {
		k := min(76, len(rest))
		b.WriteString(rest[:k] + "\r\n")
		rest = rest[k:]
	}
	b.WriteString("--bench--")
	return b.Bytes()
}
