package mailauth

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"

	"helpost/internal/sop"
)

// The layout of a token: 20 bytes, written as 32 letters of base32 (RFC 4648 §6, lower case, without padding).
//
//	0      version (high nibble), sort (low nibble)
//	1–5    ticket number, big endian
//	6–9    digest of the receiver's address
//	10–19  MAC over bytes 0–9
const (
	tokenVersion = 1
	tokenBytes   = 20
	signedBytes  = 10
	receiverAt   = 6

	// TokenLength is the length of a written token, in letters.
	TokenLength = 32
	// MinKey is the least length of a key, in bytes.
	MinKey = 16

	maxNumber = 1<<40 - 1
)

var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Tokens makes and checks tokens. Its methods may be called from many goroutines.
type Tokens struct{ keys []*key }

// Token is what an opened token says. Only Tokens.Open makes one whose MAC held; the zero Token says nothing.
type Token struct {
	Number   sop.Number // 0: about no ticket
	Sort     sop.Sort
	Receiver [4]byte // digest of the address that the token was made for
	key      *key
}

// Keys splits the content of a secret file: one key a line, the first of which signs. Empty lines are left out.
func Keys(secret []byte) [][]byte {
	var keys [][]byte
	for line := range bytes.Lines(secret) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			keys = append(keys, line)
		}
	}
	return keys
}

// NewTokens takes the keys: the first one signs, each of them verifies.
func NewTokens(keys [][]byte) (*Tokens, error) {
	if len(keys) == 0 {
		return nil, errors.New("the secret holds no key")
	}
	t := &Tokens{}
	for i, k := range keys {
		if len(k) < MinKey {
			return nil, fmt.Errorf("key %d of the secret has %d bytes, it needs %d or more", i+1, len(k), MinKey)
		}
		t.keys = append(t.keys, newKey(k))
	}
	return t, nil
}

// Mint writes a token for a ticket, the receiver of the mail that carries it, and a sort. A number of 2^40 or more has
// no place in a token: such a token is about no ticket.
func (t *Tokens) Mint(n sop.Number, receiver string, sort sop.Sort) string {
	if n > maxNumber {
		n = 0
	}
	k := t.keys[0]
	var b [tokenBytes]byte
	binary.BigEndian.PutUint64(b[:8], uint64(n)<<16) // bytes 1 to 5; 6 and 7 come next
	b[0] = tokenVersion<<4 | byte(sort)&0x0f
	digest := k.receiver(receiver)
	copy(b[receiverAt:], digest[:])
	mac := k.mac(b[:signedBytes])
	copy(b[signedBytes:], mac[:])
	var letters [TokenLength]byte
	alphabet.Encode(letters[:], b[:])
	return string(letters[:])
}

// Open reads a token, in any case of letters; ok says that its MAC holds under one of the keys.
func (t *Tokens) Open(token string) (Token, bool) {
	if len(token) != TokenLength {
		return Token{}, false
	}
	var letters [TokenLength]byte
	for i := range letters {
		letters[i] = lower(token[i])
	}
	var b [tokenBytes]byte
	if n, err := alphabet.Decode(b[:], letters[:]); err != nil || n != tokenBytes {
		return Token{}, false
	}
	var signer *key
	for _, k := range t.keys { // all of them: the time says nothing of which one it was
		mac := k.mac(b[:signedBytes])
		if subtle.ConstantTimeCompare(mac[:], b[signedBytes:]) == 1 {
			signer = k
		}
	}
	sort := sop.Sort(b[0] & 0x0f)
	if signer == nil || b[0]>>4 != tokenVersion || sort < sop.Public || sort > sop.Bouncing {
		return Token{}, false
	}
	tok := Token{Number: sop.Number(binary.BigEndian.Uint64(b[:8]) >> 16 & maxNumber), Sort: sort, key: signer}
	copy(tok.Receiver[:], b[receiverAt:])
	return tok, true
}

// For says whether the token was made for an address. The digest has 32 bits: enough to tell receivers apart, no proof.
func (t Token) For(address string) bool {
	if t.key == nil {
		return false
	}
	digest := t.key.receiver(address)
	return subtle.ConstantTimeCompare(digest[:], t.Receiver[:]) == 1
}

// InMessageID finds the token of a Message-ID of ours, <TOKEN.UNIQUE@domain>.
func (t *Tokens) InMessageID(id string) (Token, bool) {
	local, _, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(id), "<"), ".")
	if !found || strings.IndexByte(id, '@') < 0 {
		return Token{}, false
	}
	return t.Open(local)
}

// Spoken is a Message-ID as a log may hold it: one of ours without its token, for whoever knows that can answer as its
// receiver; any other as it is.
func (t *Tokens) Spoken(id string) string {
	if _, ours := t.InMessageID(id); !ours {
		return id
	}
	_, unique, _ := strings.Cut(id, ".")
	return "<…." + unique
}

// InAddress finds the token of a plus address, helpdesk+TOKEN@domain (RFC 5233).
func (t *Tokens) InAddress(address string) (Token, bool) {
	address = strings.Trim(strings.TrimSpace(address), "<>")
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return Token{}, false
	}
	local := strings.Trim(address[:at], `"`)
	plus := strings.LastIndexByte(local, '+')
	if plus < 0 {
		return Token{}, false
	}
	return t.Open(local[plus+1:])
}

// key computes HMAC-SHA256 under one key; its states are kept ready, each with room for what goes in and comes out.
type key struct{ pool sync.Pool }

type state struct {
	hash.Hash
	in  []byte
	sum [sha256.Size]byte
}

func newKey(secret []byte) *key {
	secret = bytes.Clone(secret)
	return &key{pool: sync.Pool{New: func() any { return &state{Hash: hmac.New(sha256.New, secret)} }}}
}

// What a MAC is over: one key serves both, and neither can stand for the other.
const (
	purposeToken    = "token\x00"
	purposeReceiver = "receiver\x00"
)

// sum fills mac with the first bytes of the MAC.
func (k *key) sum(mac []byte, purpose string, data []byte) {
	s := k.pool.Get().(*state)
	s.in = append(append(s.in[:0], purpose...), data...)
	s.Reset()
	s.Write(s.in) // a hash.Hash never fails
	copy(mac, s.Sum(s.sum[:0]))
	k.pool.Put(s)
}

func (k *key) mac(signed []byte) (mac [tokenBytes - signedBytes]byte) {
	k.sum(mac[:], purposeToken, signed)
	return mac
}

func (k *key) receiver(address string) (digest [4]byte) {
	var room [64]byte
	lowered := room[:0]
	for i := range len(address) {
		lowered = append(lowered, lower(address[i]))
	}
	k.sum(digest[:], purposeReceiver, lowered)
	return digest
}

// LowerASCII lowers the ASCII letters of an address and no others: Unicode's rules would make the Kelvin sign a "k", and
// so one address another.
func LowerASCII(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				b[j] = lower(b[j])
			}
			return string(b)
		}
	}
	return s
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}
