package peers

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// imap is as much of an IMAP client (RFC 3501) as it takes to read an inbox.
type imap struct {
	conn net.Conn
	in   *bufio.Reader
}

// inbox fetches the mails of somebody's inbox whose UID is above last, and gives the highest one.
func inbox(address, name string, last uint64) (mails [][]byte, highest uint64, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, last, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, last, err
	}
	c := &imap{conn, bufio.NewReader(conn)}
	for _, command := range []string{fmt.Sprintf("LOGIN %s %s", name, password), "SELECT INBOX"} {
		if err := c.do(command, nil); err != nil {
			return nil, last, err
		}
	}
	highest = last
	err = c.do(fmt.Sprintf("UID FETCH %d:* (UID BODY.PEEK[])", last+1), func(line string, literal []byte) {
		_, behind, _ := strings.Cut(line, "UID ")
		number, _, _ := strings.Cut(behind, " ")
		if uid, err := strconv.ParseUint(number, 10, 64); err == nil && uid > last { // n:* is never empty
			mails, highest = append(mails, literal), max(highest, uid)
		}
	})
	return mails, highest, err
}

// do says a command and reads until its answer. got is told of every line that ends in a literal, and the literal.
func (c *imap) do(command string, got func(line string, literal []byte)) error {
	if _, err := fmt.Fprintf(c.conn, "a %s\r\n", command); err != nil {
		return err
	}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return err
		}
		line = strings.TrimRight(line, "\r\n")
		if answer, ours := strings.CutPrefix(line, "a "); ours {
			if !strings.HasPrefix(answer, "OK") {
				return fmt.Errorf("IMAP %s: %s", command, answer)
			}
			return nil
		}
		open := strings.LastIndexByte(line, '{')
		if open < 0 || !strings.HasSuffix(line, "}") {
			continue
		}
		size, err := strconv.Atoi(line[open+1 : len(line)-1])
		if err != nil {
			return err
		}
		literal := make([]byte, size)
		if _, err := io.ReadFull(c.in, literal); err != nil {
			return err
		}
		if got != nil {
			got(line, literal)
		}
	}
}
