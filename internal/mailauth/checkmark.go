package mailauth

import (
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// CheckField is the header field by which the daemon knows the mails of `helpost check --send`. Such a mail makes no ticket:
// it is traced as CheckOutcome, with what was proven of its sender, and that is all.
const (
	CheckField   = "X-Helpost-Check"
	CheckOutcome = "check"
)

const (
	purposeCheck = "check\x00"
	checkBytes   = 20
)

// checkAge is how long a mark counts: who has seen one cannot use it for long.
const checkAge = 24 * time.Hour

// MarkCheck gives the value of CheckField for a mail with this Message-ID that is sent now. It bears the id too, for some
// mail systems give a mail another one on its way.
func (t *Tokens) MarkCheck(messageID string, now time.Time) string {
	said := strconv.FormatInt(now.Unix(), 10) + " " + messageID
	var mac [checkBytes]byte
	t.keys[0].sum(mac[:], purposeCheck, []byte(said))
	return hex.EncodeToString(mac[:]) + " " + said
}

// Checked reads a value of CheckField: the Message-ID that it was made for. ok says that its MAC holds under one of the
// keys, and that it is not a day old.
func (t *Tokens) Checked(value string, now time.Time) (messageID string, ok bool) {
	words := strings.Fields(value)
	if len(words) != 3 {
		return "", false
	}
	got, err := hex.DecodeString(words[0])
	seconds, errAt := strconv.ParseInt(words[1], 10, 64)
	if err != nil || errAt != nil || len(got) != checkBytes || now.Sub(time.Unix(seconds, 0)).Abs() > checkAge {
		return "", false
	}
	for _, k := range t.keys {
		var mac [checkBytes]byte
		k.sum(mac[:], purposeCheck, []byte(words[1]+" "+words[2]))
		if subtle.ConstantTimeCompare(mac[:], got) == 1 {
			ok = true
		}
	}
	return words[2], ok
}

// CheckResult is what the daemon saw of a mail of `helpost check --send`.
type CheckResult struct {
	Proof   Proof
	Trusted bool // a trusted relay brought it
}

const byTrusted = " by a trusted relay"

func (r CheckResult) String() string {
	if r.Trusted {
		return string(r.Proof) + byTrusted
	}
	return string(r.Proof)
}

// ReadCheckResult reads what String wrote.
func ReadCheckResult(s string) CheckResult {
	proof, trusted := strings.CutSuffix(s, byTrusted)
	return CheckResult{Proof(proof), trusted}
}
