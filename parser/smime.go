package parser

import "bytes"

// openSigned puts what is signed in place of each opaque S/MIME signature (RFC 8551 §3.5.2), beside the signature itself,
// and says whether a part is signed so. Nothing is verified. What is encrypted stays closed.
func openSigned(p *part, g *guard) bool {
	signed := false
	for _, child := range p.children {
		signed = openSigned(child, g) || signed
	}
	if p.kind != "application/pkcs7-mime" && p.kind != "application/x-pkcs7-mime" {
		return signed
	}
	content, ok := signedContent(p.content(g))
	if !ok {
		return signed
	}
	inner := readMail(content, g)
	envelope := *p
	envelope.opened = true
	p.children = []*part{inner, &envelope}
	p.kind, p.disposition, p.params, p.dispParams = "multipart/mixed", "", nil, nil
	return true
}

// signedData is the object identifier 1.2.840.113549.1.7.2 with its tag (RFC 5652 §5.1).
var signedData = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}

// signedContent finds the content within a SignedData (RFC 5652 §5): ContentInfo { type, [0] { version, digests,
// { type, [0] { OCTET STRING } }, … } }.
func signedContent(der []byte) ([]byte, bool) {
	info, _, ok := berValue(der, 0x30)
	if !ok || !bytes.HasPrefix(info, signedData) {
		return nil, false
	}
	wrapped, _, ok := berValue(info[len(signedData):], 0xa0)
	if !ok {
		return nil, false
	}
	signed, _, ok := berValue(wrapped, 0x30)
	if !ok {
		return nil, false
	}
	_, rest, ok := berValue(signed, 0x02)
	if !ok {
		return nil, false
	}
	_, rest, ok = berValue(rest, 0x31)
	if !ok {
		return nil, false
	}
	encapsulated, _, ok := berValue(rest, 0x30)
	if !ok {
		return nil, false
	}
	_, rest, ok = berValue(encapsulated, 0x06)
	if !ok {
		return nil, false
	}
	content, _, ok := berValue(rest, 0xa0)
	if !ok {
		return nil, false
	}
	return octets(content)
}

// octets reads an OCTET STRING, in one piece or in several (X.690 §8.7).
func octets(ber []byte) ([]byte, bool) {
	if value, _, ok := berValue(ber, 0x04); ok {
		return value, true
	}
	pieces, _, ok := berValue(ber, 0x24)
	if !ok {
		return nil, false
	}
	var all []byte
	for len(pieces) > 0 {
		value, rest, ok := berValue(pieces, 0x04)
		if !ok {
			break
		}
		all = append(all, value...)
		pieces = rest
	}
	return all, len(all) > 0
}

// berValue returns the content of the element that ber begins with, if it has that tag, and what follows it. An element
// of indefinite length ends where its own end is found.
func berValue(ber []byte, tag byte) (value, rest []byte, ok bool) {
	if len(ber) < 2 || ber[0] != tag {
		return nil, nil, false
	}
	head, size, indefinite, ok := berSize(ber)
	if !ok {
		return nil, nil, false
	}
	if !indefinite {
		return ber[head : head+size], ber[head+size:], true
	}
	end := berEnd(ber[head:])
	return ber[head : head+end], ber[min(len(ber), head+end+2):], true
}

// berSize reads tag and length of an element (X.690 §8.1): how many bytes they take, and how many follow.
func berSize(ber []byte) (head, size int, indefinite, ok bool) {
	if len(ber) < 2 || ber[0]&0x1f == 0x1f {
		return 0, 0, false, false
	}
	first := ber[1]
	switch {
	case first < 0x80:
		head, size = 2, int(first)
	case first == 0x80:
		return 2, 0, true, ber[0]&0x20 != 0
	case first <= 0x84 && len(ber) >= 2+int(first&0x7f):
		head = 2 + int(first&0x7f)
		for _, c := range ber[2:head] {
			size = size<<8 | int(c)
		}
	default:
		return 0, 0, false, false
	}
	return head, size, false, size >= 0 && size <= len(ber)-head
}

// berEnd returns where the content of an element of indefinite length ends: at the two zero bytes of its own level.
func berEnd(ber []byte) int {
	depth := 0
	for at := 0; at+1 < len(ber); {
		if ber[at] == 0 && ber[at+1] == 0 {
			if depth == 0 {
				return at
			}
			depth--
			at += 2
			continue
		}
		head, size, indefinite, ok := berSize(ber[at:])
		if !ok {
			return len(ber)
		}
		if indefinite {
			depth++
			at += head
			continue
		}
		at += head + size
	}
	return len(ber)
}
