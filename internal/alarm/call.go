package alarm

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"helpost/internal/sop"
)

// State says what of an alarm a call tells.
type State string

// The states.
const (
	Raised  State = "raised"
	Cleared State = "cleared" // never of a ticket's alarms: what becomes of it is told by mail
	Testing State = "test"
)

// Call is what a hook is told (docs/monitoring.md): as little as it takes to wake the right person.
type Call struct {
	ID       string       `json:"id"` // the same however often it is repeated
	Alarm    sop.Alarm    `json:"alarm"`
	State    State        `json:"state"`
	Since    time.Time    `json:"since"` // the same in raised and cleared
	At       time.Time    `json:"at"`    // when it was raised or cleared
	Text     string       `json:"text"`  // a sentence for people
	Host     string       `json:"host"`  // which helpost calls
	Ticket   string       `json:"ticket,omitempty"`
	Priority sop.Priority `json:"priority,omitempty"`
	Clock    string       `json:"clock,omitempty"` // of a missed target: "response" or "resolution"
}

// Hook is whom alarms call: a web address or a program.
type Hook struct {
	URL     string
	Exec    string   // absolute
	Secrets [][]byte // each signs what goes to URL; none: it goes unsigned
	On      []sop.Alarm
	Limits  Limits
}

// For says whether the hook is for an alarm.
func (h *Hook) For(a sop.Alarm) bool { return slices.Contains(h.On, a) }

// id tells hooks apart in the store. A hook that calls elsewhere is another one.
func (h *Hook) id() string {
	sum := sha256.Sum256([]byte(h.URL + "\x00" + h.Exec))
	return hex.EncodeToString(sum[:6])
}

// Name is a hook's name for people. Of an address it is the host alone, for the rest may be a secret.
func (h *Hook) Name() string {
	if h.Exec != "" {
		return filepath.Base(h.Exec)
	}
	u, err := url.Parse(h.URL)
	if err != nil {
		return "url"
	}
	return u.Host
}

// callTime bounds a call: from its begin to the last word of the answer, or to the end of the program.
const callTime = 10 * time.Second

// Try makes a call, once. An error says that it was not taken, without the address.
func Try(ctx context.Context, h *Hook, c Call, now time.Time) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if h.Exec != "" {
		err = run(ctx, h.Exec, append(body, '\n'))
	} else {
		err = post(ctx, h, c.ID, body, now)
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no end within %s", callTime)
	}
	return err
}

// Test is a call that tells of no alarm.
func Test(host string, now time.Time) Call {
	return Call{ID: "test-" + strconv.FormatInt(now.UnixNano(), 36), Alarm: "test", State: Testing, Since: now.UTC(), At: now.UTC(), Text: "helpost tries this hook; nothing is wrong", Host: host}
}

// signature is what a receiver can check (docs/monitoring.md): HMAC-SHA256 over the id, the time of this try and the body,
// as Standard Webhooks spells it. The time is signed, so that a call that somebody recorded is worth nothing later.
func signature(secrets [][]byte, id, at string, body []byte) string {
	var all []string
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		fmt.Fprintf(mac, "%s.%s.%s", id, at, body) // a hash.Hash never fails
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " ")
}

// oneLine makes what others say fit for a log.
func oneLine(s string) string {
	const longest = 200
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return s
}
