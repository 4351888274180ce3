package parser

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// TNEF is how Outlook wraps a rich mail for itself: winmail.dat, application/ms-tnef ([MS-OXTNEF]). This reads the
// files and the body in it and nothing else. All that it gives is a slice of the wrapped data.

// tnefMail is what a TNEF stream holds.
type tnefMail struct {
	text, html string
	files      []tnefFile
}

type tnefFile struct {
	name, contentID string
	data            []byte
	mail            *tnefMail // an embedded mail
}

// The signature, the levels and the attributes of a stream ([MS-OXTNEF] §2.1.3).
const (
	tnefSignature   = 0x223e9f78
	tnefAttachment  = 2
	attBody         = 0x0002800c
	attMsgProps     = 0x00069003
	attAttachRender = 0x00069002
	attAttachTitle  = 0x00018010
	attAttachData   = 0x0006800f
	attAttachProps  = 0x00069005
)

// The MAPI properties that are read ([MS-OXPROPS]).
const (
	propBody          = 0x1000
	propHTML          = 0x1013
	propAttachData    = 0x3701
	propDisplayName   = 0x3001
	propAttachName    = 0x3704
	propAttachLong    = 0x3707
	propAttachContent = 0x3712
)

// maxTNEF bounds the embedded mails one in another, maxTNEFFiles the files of one stream.
const (
	maxTNEF      = 3
	maxTNEFFiles = 500
)

func isTNEF(kind, name string) bool {
	return kind == "application/ms-tnef" || kind == "application/vnd.ms-tnef" || strings.EqualFold(name, "winmail.dat")
}

// readTNEF reads a stream; nil where it is none. What is cut off or broken ends it; what came before stays.
func readTNEF(data []byte, depth int) *tnefMail {
	if len(data) < 6 || binary.LittleEndian.Uint32(data) != tnefSignature || depth > maxTNEF {
		return nil
	}
	m := &tnefMail{}
	var file *tnefFile
	for rest := data[6:]; len(rest) >= 11; {
		level, id, size := rest[0], binary.LittleEndian.Uint32(rest[1:]), int(binary.LittleEndian.Uint32(rest[5:]))
		rest = rest[9:]
		if size < 0 || size > len(rest) {
			break
		}
		value := rest[:size]
		rest = rest[min(len(rest), size+2):] // a checksum follows
		if level == tnefAttachment && (id == attAttachRender || file == nil) {
			if len(m.files) == maxTNEFFiles {
				break
			}
			m.files = append(m.files, tnefFile{})
			file = &m.files[len(m.files)-1]
		}
		switch id {
		case attBody:
			m.text = tnefString(value, false)
		case attMsgProps:
			readMAPI(value, func(id uint16, wide bool, value []byte) {
				switch id {
				case propBody:
					m.text = tnefString(value, wide)
				case propHTML:
					m.html = decodeText(value, metaCharset(value))
				}
			})
		case attAttachTitle:
			if file != nil && file.name == "" {
				file.name = tnefString(value, false)
			}
		case attAttachData:
			if file != nil {
				file.data = value
			}
		case attAttachProps:
			if file != nil {
				file.readProps(value, depth)
			}
		}
	}
	return m
}

// readProps reads the properties of one file.
func (f *tnefFile) readProps(value []byte, depth int) {
	readMAPI(value, func(id uint16, wide bool, value []byte) {
		switch id {
		case propAttachLong:
			f.name = tnefString(value, wide)
		case propAttachName, propDisplayName:
			if f.name == "" {
				f.name = tnefString(value, wide)
			}
		case propAttachContent:
			f.contentID = tnefString(value, wide)
		case propAttachData:
			if len(value) > 16 {
				if mail := readTNEF(value[16:], depth+1); mail != nil { // behind the id of its interface
					f.mail = mail
					return
				}
			}
			if f.data == nil {
				f.data = value
			}
		}
	})
}

// readMAPI walks a property list ([MS-OXTNEF] §2.1.3.4) and hands out the first value of each property.
func readMAPI(data []byte, found func(id uint16, wide bool, value []byte)) {
	r := mapiReader{rest: data}
	for count := r.number(); count > 0 && !r.bad; count-- {
		kind, id := r.short(), r.short()
		if id >= 0x8000 {
			r.skipName()
		}
		multiple := kind&0x1000 != 0
		kind &^= 0x1000
		values := 1
		fixed := mapiSize(kind)
		if multiple || fixed == 0 {
			values = r.number()
		}
		for i := 0; i < values && !r.bad; i++ {
			size := fixed
			if fixed == 0 {
				size = r.number()
			}
			value := r.take(size)
			r.take(-size & 3)
			if i == 0 && !r.bad {
				found(id, kind == 0x001f, value)
			}
		}
	}
}

// mapiSize is the size of a value of that type; 0 where it says its size itself, and of an unknown type.
func mapiSize(kind uint16) int {
	switch kind {
	case 0x0002, 0x0003, 0x0004, 0x000a, 0x000b:
		return 4
	case 0x0005, 0x0006, 0x0007, 0x0014, 0x0040:
		return 8
	case 0x0048:
		return 16
	}
	return 0
}

// mapiReader takes numbers and bytes from a property list; bad says that it has ended too early.
type mapiReader struct {
	rest []byte
	bad  bool
}

func (r *mapiReader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.bad, r.rest = true, nil
		return nil
	}
	value := r.rest[:n]
	r.rest = r.rest[n:]
	return value
}

func (r *mapiReader) short() uint16 {
	value := r.take(2)
	if r.bad {
		return 0
	}
	return binary.LittleEndian.Uint16(value)
}

func (r *mapiReader) number() int {
	value := r.take(4)
	if r.bad {
		return 0
	}
	return int(int32(binary.LittleEndian.Uint32(value)))
}

// skipName passes the name of a named property: an id, or a string.
func (r *mapiReader) skipName() {
	r.take(16)
	if r.number() == 0 {
		r.take(4)
		return
	}
	size := r.number()
	r.take(size)
	r.take(-size & 3)
}

// tnefString reads a string that ends in NUL.
func tnefString(value []byte, wide bool) string {
	if wide {
		return strings.TrimRight(clean(decodeUTF16(value, false)), "\x00")
	}
	text := string(value)
	if i := strings.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	if utf8.ValidString(text) {
		return clean(text)
	}
	return decodeText([]byte(text), "")
}

// collectTNEF replaces a winmail.dat by what it holds. It says false where there is nothing in it to replace it by.
func (c *collector) collectTNEF(data []byte) bool {
	m := readTNEF(data, 0)
	if m == nil {
		return false
	}
	if m.text != "" || m.html != "" {
		c.tnef = append(c.tnef, *m)
	}
	return c.addTNEF(m) > 0
}

func (c *collector) addTNEF(m *tnefMail) int {
	added := 0
	for _, f := range m.files {
		if f.mail != nil {
			added += c.addTNEF(f.mail)
			continue
		}
		if len(f.data) == 0 {
			continue
		}
		c.add(Attachment{
			Filename: safeName(f.name), ContentType: kindByName(f.name), ContentID: strings.Trim(oneLine(f.contentID), "<> "),
			Inline: f.contentID != "", Data: f.data,
		})
		added++
	}
	return added
}

// kindByName tells the media type by the ending of a name, for files that come without one.
func kindByName(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "application/octet-stream"
	}
	switch strings.ToLower(name[i+1:]) {
	case "png":
		return "image/png"
	case "jpg", "jpeg":
		return "image/jpeg"
	case "gif":
		return "image/gif"
	case "txt", "log":
		return "text/plain"
	case "htm", "html":
		return "text/html"
	case "pdf":
		return "application/pdf"
	case "doc":
		return "application/msword"
	case "docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case "xls":
		return "application/vnd.ms-excel"
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case "zip":
		return "application/zip"
	}
	return "application/octet-stream"
}

// tnefText returns the body that a winmail.dat holds.
func (c *collector) tnefText() (text, source string) {
	for _, m := range c.tnef {
		if strings.TrimSpace(m.text) != "" {
			return m.text, m.html
		}
		if m.html != "" {
			return readHTML(m.html).Text, m.html
		}
	}
	return "", ""
}
