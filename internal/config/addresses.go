package config

import "strings"

// Addresses says which address is ours.
type Addresses struct {
	boxes []Mailbox
	at    map[string]int // by address, lower case
}

// Addresses gives the addresses of all mailboxes: their own, their aliases, and their local part at reply_domain.
func (c *Config) Addresses() *Addresses {
	a := &Addresses{boxes: c.Mailboxes, at: map[string]int{}}
	for i, m := range c.Mailboxes {
		for _, address := range m.own() {
			a.at[address] = i
		}
	}
	return a
}

// own lists every address of a mailbox, without tokens.
func (m *Mailbox) own() []string {
	own := append([]string{m.Address}, m.Aliases...)
	if local, domain, _ := strings.Cut(m.Address, "@"); m.ReplyDomain != "" && m.ReplyDomain != domain {
		own = append(own, local+"@"+m.ReplyDomain)
	}
	return own
}

// Lookup says whether a recipient is ours, and gives its mailbox and what stands behind a "+" where it has the form of a
// token (lower case; whether it holds is another's to say). Anything else behind a "+" counts as the plain address. Case
// does not matter for ASCII letters; no other letter passes for one. Any bytes may be asked for.
func (a *Addresses) Lookup(rcpt string) (box Mailbox, token string, ok bool) {
	if len(rcpt) > 320 {
		return Mailbox{}, "", false
	}
	rcpt = lower(rcpt)
	if i, ours := a.at[rcpt]; ours {
		return a.boxes[i], "", true
	}
	at := strings.LastIndexByte(rcpt, '@')
	if at < 0 {
		return Mailbox{}, "", false
	}
	local, domain := rcpt[:at], rcpt[at:]
	for plus := strings.LastIndexByte(local, '+'); plus > 0; plus = strings.LastIndexByte(local[:plus], '+') {
		if i, ours := a.at[local[:plus]+domain]; ours {
			if token = local[plus+1:]; !isToken(token) {
				token = ""
			}
			return a.boxes[i], token, true
		}
	}
	return Mailbox{}, "", false
}

// Ours says whether an address is ours, with or without a token.
func (a *Addresses) Ours(address string) bool {
	_, _, ok := a.Lookup(address)
	return ok
}

// Mailbox gives the mailbox of a plain address, the first one where there is none of that address.
func (a *Addresses) Mailbox(address string) Mailbox {
	if box, _, ok := a.Lookup(address); ok {
		return box
	}
	return a.boxes[0]
}

// isToken says whether a text has the form of a token: [a-z2-7]{26,40}.
func isToken(s string) bool {
	if len(s) < 26 || len(s) > maxToken {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
