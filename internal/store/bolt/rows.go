package bolt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// rowFormat is the first byte of every row but raw mails.
const rowFormat = 1

var errRow = errors.New("damaged row")

// head is what the writer needs of a ticket's row: its version, and what its index keys are made of.
type head struct {
	version                   store.Version
	due                       uint64 // nanos
	state, reporter, assignee string // in lower case
}

func headOf(t *store.Ticket) head {
	return head{
		version:  t.Expect + 1,
		due:      nanos(t.Due),
		state:    strings.ToLower(string(t.Ticket.State)),
		reporter: strings.ToLower(t.Ticket.Reporter.Address),
		assignee: strings.ToLower(t.Ticket.Assignee),
	}
}

// keys are the index keys of a ticket, in a fixed order; nil where it has none in an index.
func (h head) keys(n sop.Number) [4][]byte {
	var k [4][]byte
	k[0] = append(statePrefix(h.state), numberKey(n)...)
	if h.reporter != "" {
		k[1] = append(reporterPrefix(h.reporter), numberKey(n)...)
	}
	if h.assignee != "" {
		k[2] = append(assigneePrefix(h.assignee), numberKey(n)...)
	}
	if h.due != 0 {
		k[3] = dueKey(h.due, n)
	}
	return k
}

func encodeTicket(t *store.Ticket) (head, []byte, error) {
	h := headOf(t)
	row := append(make([]byte, 0, 1152), rowFormat)
	row = binary.BigEndian.AppendUint64(row, uint64(h.version))
	row = binary.BigEndian.AppendUint64(row, h.due)
	for _, w := range []string{h.state, h.reporter, h.assignee} {
		row = append(binary.AppendUvarint(row, uint64(len(w))), w...)
	}
	row, err := appendTicket(row, &t.Ticket)
	return h, row, err
}

// decodeHead reads the head of a ticket's row and leaves its JSON.
func decodeHead(row []byte) (h head, doc []byte, err error) {
	p, err := body(row)
	if err != nil {
		return h, nil, err
	}
	if len(p) < 16 {
		return h, nil, errRow
	}
	h.version = store.Version(binary.BigEndian.Uint64(p))
	h.due = binary.BigEndian.Uint64(p[8:])
	p = p[16:]
	for _, w := range []*string{&h.state, &h.reporter, &h.assignee} {
		var chunk []byte
		if chunk, p, err = cutChunk(p); err != nil {
			return h, nil, err
		}
		*w = string(chunk)
	}
	return h, p, nil
}

func decodeTicket(row []byte) (workflow.Ticket, head, error) {
	var t workflow.Ticket
	h, doc, err := decodeHead(row)
	if err == nil {
		err = json.Unmarshal(doc, &t)
	}
	return t, h, err
}

// encodeEntry frames an entry: salt, words, and the line, which is the rest of the row.
// The words have a mark before them that says whether they are there, so erasing them leaves the line as it is.
func encodeEntry(e record.Entry) []byte {
	row := make([]byte, 0, 16+len(e.Salt)+len(e.Words)+len(e.Line))
	row = appendOptional(append(row, rowFormat), e.Salt)
	row = appendOptional(row, e.Words)
	return append(row, e.Line...)
}

// decodeEntry copies: an entry outlives the transaction.
func decodeEntry(row []byte) (e record.Entry, err error) {
	p, err := body(row)
	if err != nil {
		return e, err
	}
	p = append([]byte(nil), p...)
	if e.Salt, p, err = cutOptional(p); err != nil {
		return e, err
	}
	if e.Words, p, err = cutOptional(p); err != nil {
		return e, err
	}
	e.Line = p
	return e, nil
}

// The kinds of segment in the body of an outbox row.
const (
	segmentBytes byte = 0
	segmentRef   byte = 1 // JSON of a store.Ref
)

// encodeSegments gives the row in two pieces, so that the bytes of the last segment, which nearly always are all there are, are not
// copied.
func encodeSegments(segments []store.Segment) (row, rest []byte, err error) {
	size := 1
	for i, s := range segments {
		if size += 16; i < len(segments)-1 {
			size += len(s.Bytes)
		}
	}
	row = append(make([]byte, 0, size), rowFormat)
	for i, s := range segments {
		switch {
		case s.Ref != nil && s.Bytes != nil:
			return nil, nil, fmt.Errorf("segment %d has bytes and a reference", i+1)
		case s.Ref != nil:
			doc, err := json.Marshal(s.Ref)
			if err != nil {
				return nil, nil, err
			}
			row = appendChunk(append(row, segmentRef), doc)
		case i == len(segments)-1:
			row, rest = binary.AppendUvarint(append(row, segmentBytes), uint64(len(s.Bytes))), s.Bytes
		default:
			row = appendChunk(append(row, segmentBytes), s.Bytes)
		}
	}
	return row, rest, nil
}

// decodeSegments copies.
func decodeSegments(row []byte) ([]store.Segment, error) { return cutSegments(bytes.Clone(row)) }

// cutSegments gives segments that are parts of the row.
func cutSegments(row []byte) ([]store.Segment, error) {
	p, err := body(row)
	if err != nil {
		return nil, err
	}
	var out []store.Segment
	for len(p) > 0 {
		kind := p[0]
		var chunk []byte
		if chunk, p, err = cutChunk(p[1:]); err != nil {
			return nil, err
		}
		switch kind {
		case segmentBytes:
			out = append(out, store.Segment{Bytes: chunk})
		case segmentRef:
			ref := new(store.Ref)
			if err := json.Unmarshal(chunk, ref); err != nil {
				return nil, err
			}
			out = append(out, store.Segment{Ref: ref})
		default:
			return nil, errRow
		}
	}
	return out, nil
}

// encodeFact and decodeFact: the version, then the value.
func encodeFact(v store.Version, value []byte) []byte {
	row := binary.BigEndian.AppendUint64([]byte{rowFormat}, uint64(v))
	return append(row, value...)
}

func decodeFact(row []byte) (store.Version, []byte, error) {
	p, err := body(row)
	if err != nil {
		return 0, nil, err
	}
	if len(p) < 8 {
		return 0, nil, errRow
	}
	return store.Version(binary.BigEndian.Uint64(p)), append([]byte{}, p[8:]...), nil
}

// document is what is written often, and so without reflection.
type document interface {
	AppendJSON(b []byte) ([]byte, error)
}

// encodeDoc and decodeDoc: rows that are JSON.
func encodeDoc(v any) ([]byte, error) {
	doc, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append([]byte{rowFormat}, doc...), nil
}

func decodeDoc(row []byte, to any) error {
	p, err := body(row)
	if err != nil {
		return err
	}
	return json.Unmarshal(p, to)
}

// body is a row without its format.
func body(row []byte) ([]byte, error) {
	switch {
	case len(row) == 0:
		return nil, errRow
	case row[0] != rowFormat:
		return nil, fmt.Errorf("%w: format %d, this helpost reads %d", errRow, row[0], rowFormat)
	}
	return row[1:], nil
}

func appendChunk(to, chunk []byte) []byte {
	return append(binary.AppendUvarint(to, uint64(len(chunk))), chunk...)
}

// cutChunk splits what appendChunk wrote off the rest. The chunk is a part of p.
func cutChunk(p []byte) (chunk, rest []byte, err error) {
	n, used := binary.Uvarint(p)
	if used <= 0 || n > uint64(len(p)-used) {
		return nil, nil, errRow
	}
	end := used + int(n)
	return p[used:end:end], p[end:], nil
}

// appendOptional is appendChunk for what may be nil: 0, or the length and one.
func appendOptional(to, chunk []byte) []byte {
	if chunk == nil {
		return append(to, 0)
	}
	return append(binary.AppendUvarint(to, uint64(len(chunk))+1), chunk...)
}

func cutOptional(p []byte) (chunk, rest []byte, err error) {
	n, used := binary.Uvarint(p)
	if used <= 0 || n > uint64(len(p)-used)+1 {
		return nil, nil, errRow
	}
	if n == 0 {
		return nil, p[used:], nil
	}
	end := used + int(n-1)
	return p[used:end:end], p[end:], nil
}
