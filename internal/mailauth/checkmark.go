package mailauth

import (
	"crypto/subtle"
	"encoding/hex"
	"strings"
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

// MarkCheck gives the value of CheckField for a mail with this Message-ID. It bears the id too, for some mail systems give
// a mail another one on its way.
func (t *Tokens) MarkCheck(messageID string) string {
	var mac [checkBytes]byte
	t.keys[0].sum(mac[:], purposeCheck, []byte(messageID))
	return hex.EncodeToString(mac[:]) + " " + messageID
}

// Checked reads a value of CheckField: the Message-ID that it was made for. ok says that its MAC holds under one of the keys.
func (t *Tokens) Checked(value string) (messageID string, ok bool) {
	written, messageID, _ := strings.Cut(strings.TrimSpace(value), " ")
	got, err := hex.DecodeString(written)
	if err != nil || len(got) != checkBytes {
		return "", false
	}
	messageID = strings.TrimSpace(messageID)
	for _, k := range t.keys {
		var mac [checkBytes]byte
		k.sum(mac[:], purposeCheck, []byte(messageID))
		if subtle.ConstantTimeCompare(mac[:], got) == 1 {
			ok = true
		}
	}
	return messageID, ok
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
