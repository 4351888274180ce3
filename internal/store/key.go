package store

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// messageKeySize is the length of a MessageKey in bytes; hex doubles it.
const messageKeySize = 8

// MessageKey is a short hash of a Message-ID, hex; "" where there is none. Two Message-IDs may share one, so whoever finds
// a row by it compares the Message-ID itself.
func MessageKey(messageID string) string {
	messageID = BareID(messageID)
	if messageID == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(messageID))
	return hex.EncodeToString(sum[:messageKeySize])
}

// SeenKey makes the dedup key of a mail: its MessageKey, then the digest of what makes it the same mail
// (docs/formats.md, "Dedup key").
//
// A store keeps mails in the order of their keys. That a key begins with its Message-ID's hash makes one place of
// two: whether a mail was taken before, and which mails came with this Message-ID.
func SeenKey(messageID, digest string) string { return MessageKey(messageID) + digest }

// BareID is a Message-ID without the angle brackets and blanks around it. Stores compare Message-IDs bare.
func BareID(messageID string) string { return strings.Trim(strings.TrimSpace(messageID), "<>") }
