package parser

// attachedForward reads the first attached mail that a mail passes on; nil where it attaches none. A report's returned
// mail is none.
func attachedForward(root *part, g *guard) *Forward {
	inner := firstMail(root)
	if inner == nil {
		return nil
	}
	mail := inner.attached(g)
	if mail == nil || len(mail.header) == 0 {
		return nil
	}
	g.nested++
	defer func() { g.nested-- }()
	text, _ := findBodies(mail, g).read()
	f := &Forward{Subject: readSubject(mail.header), Text: text}
	if from := readAddresses(mail.header.all("From")); len(from) > 0 {
		f.From = from[0]
	}
	return f
}

func firstMail(p *part) *part {
	if p.kind == "multipart/report" {
		return nil
	}
	if p.isMail() {
		return p
	}
	for _, child := range p.children {
		if mail := firstMail(child); mail != nil {
			return mail
		}
	}
	return nil
}
