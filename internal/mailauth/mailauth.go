// Package mailauth says what is proven of a mail's sender, and makes and checks the tokens that mails carry.
//
// It reads what a trusted relay says (RFC 8601) with a strict parser of its own; it asks no network.
package mailauth

// Proof is what is known of the sender in From (contract §4).
type Proof string

// The proofs.
const (
	Pass Proof = "pass"
	Fail Proof = "fail" // something speaks against the sender
	None Proof = "none" // nothing is known
)
