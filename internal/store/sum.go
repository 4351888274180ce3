package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// SumKey is the name in an event's Said under which the event that brought a message keeps its Sum.
const SumKey = "sha256"

// Sum is the digest of a message as it is kept, hex: of all that it says, and by RawSum, blob names and the attachments'
// own digests of all that it names. The record keeps it, so that the chain proves the messages too.
func (m Message) Sum() (string, error) {
	raw, err := m.AppendJSON(make([]byte, 0, len(m.Text)+512))
	if err == nil && bytes.Contains(raw, []byte(`\ufffd`)) { // what is no UTF-8 is another text once it was written and read
		m = Message{}
		if err = json.Unmarshal(raw, &m); err == nil {
			raw, err = m.AppendJSON(nil)
		}
	}
	if err != nil {
		return "", fmt.Errorf("message %d of ticket %d: %w", m.Seq, m.Ticket, err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// SumOf is the digest of bytes, hex, as RawSum and the names of blobs give it.
func SumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
