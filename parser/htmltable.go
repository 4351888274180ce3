package parser

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cellMark parts the cells of a table until it is closed; no text holds it.
const cellMark = 0x01

// maxTables bounds the tables that are laid out one in another; deeper ones are read as lines.
const maxTables = 12

// table is an open table: where its text begins in the output, and its rows.
type table struct {
	start int
	rows  []row
}

// row is a row of a table: where its text begins, how many cells it has, and whether all of them are headings.
type row struct {
	start, cells int
	heading      bool
}

func (w *htmlWalker) openTable() {
	if len(w.tables) == maxTables {
		w.deeper++
		return
	}
	w.flushBreak()
	w.tables = append(w.tables, table{start: len(w.out)})
}

// openRow begins a row on a new line.
func (w *htmlWalker) openRow() {
	if w.deeper > 0 || len(w.tables) == 0 {
		return
	}
	w.flushBreak()
	t := &w.tables[len(w.tables)-1]
	t.rows = append(t.rows, row{start: len(w.out), heading: true})
}

// openCell begins a cell: all but the first of a row behind a mark.
func (w *htmlWalker) openCell(heading bool) {
	if w.deeper > 0 || len(w.tables) == 0 {
		w.space = true
		return
	}
	t := &w.tables[len(w.tables)-1]
	if len(t.rows) == 0 {
		w.openRow()
	}
	r := &t.rows[len(t.rows)-1]
	if r.cells > 0 {
		w.trimBlanks()
		w.out = append(w.out, cellMark)
		w.gap, w.space, w.prefix = noBreak, false, ""
	}
	r.cells++
	r.heading = r.heading && heading
}

// flushBreak writes the break that is due at once, so that a place in the output can be remembered.
func (w *htmlWalker) flushBreak() {
	w.due(lineBreak)
	prefix := w.prefix
	w.prefix = ""
	w.flush()
	w.prefix = prefix
}

// closeTable lays the innermost table out as lines.
func (w *htmlWalker) closeTable() {
	if w.deeper > 0 {
		w.deeper--
		return
	}
	if len(w.tables) == 0 {
		return
	}
	t := w.tables[len(w.tables)-1]
	w.tables = w.tables[:len(w.tables)-1]
	t.start = min(t.start, len(w.out))
	tail := w.out[t.start:]
	if bytes.IndexByte(tail, cellMark) < 0 {
		return
	}
	if w.marksAfter(t.start) { // a quote begins or ends in it: its places must not move
		for i, c := range tail {
			if c == cellMark {
				tail[i] = '\n'
			}
		}
		return
	}
	text := layTable(w.out, t)
	w.out = append(w.out[:t.start], text...)
	w.hrefAt = min(w.hrefAt, len(w.out))
	w.due(lineBreak)
}

// marksAfter says whether a quote or a signature begins or ends behind a place.
func (w *htmlWalker) marksAfter(place int) bool {
	ends := func(spans []span) bool { return len(spans) > 0 && spans[len(spans)-1].End > place }
	return ends(w.quoted) || ends(w.signature) || w.rule > place ||
		(w.rest || w.quote.depth > 0) && w.quoteFrom > place || w.sign.depth > 0 && w.signFrom > place
}

// layTable writes the rows of a table: "Key: value" where its rows are pairs, else the cells side by side. It looks at
// the rows twice, for only all of them tell whether they are pairs.
func layTable(out []byte, t table) string {
	text := string(out[t.start:])
	rowText := func(i int) string {
		end := len(text)
		if i+1 < len(t.rows) {
			end = t.rows[i+1].start - t.start
		}
		return text[t.rows[i].start-t.start : end]
	}
	var cells []string // of one row, used again for the next
	pairs, filled := 0, 0
	for i := range t.rows {
		if cells = tidyCells(cells[:0], rowText(i)); len(cells) > 0 {
			filled++
		}
		if len(cells) == 2 && isKey(cells[0]) {
			pairs++
		}
	}
	columns := len(t.rows) > 1 && t.rows[0].heading && t.rows[0].cells > 1
	var b strings.Builder
	b.Grow(len(text))
	b.WriteString(strings.ReplaceAll(text[:t.rows[0].start-t.start], string(rune(cellMark)), "\n"))
	for i := range t.rows {
		cells = tidyCells(cells[:0], rowText(i))
		if columns {
			for j, c := range cells {
				if strings.Contains(c, "\n") {
					cells[j] = strings.Join(strings.Fields(c), " ")
				}
			}
		}
		if len(cells) == 0 || len(cells) == 1 && cells[0] == "" {
			continue
		}
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte('\n')
		}
		layRow(&b, cells, !columns && pairs > 1 && pairs*3 >= filled*2)
	}
	return b.String()
}

// tidyCells appends the cells of a row: trimmed, a colon that stands alone given to the cell before it, without the empty
// ones at both ends.
func tidyCells(tidy []string, row string) []string {
	for more := true; more; {
		var c string
		c, row, more = strings.Cut(row, string(rune(cellMark)))
		c = strings.Trim(c, " \n")
		if (c == ":" || c == "：") && len(tidy) > 0 {
			if last := &tidy[len(tidy)-1]; !strings.HasSuffix(*last, ":") {
				*last += ":"
			}
			continue
		}
		if c == "" && len(tidy) == 0 {
			continue
		}
		tidy = append(tidy, c)
	}
	for len(tidy) > 1 && tidy[len(tidy)-1] == "" {
		tidy = tidy[:len(tidy)-1]
	}
	return tidy
}

// layRow writes one row.
func layRow(b *strings.Builder, cells []string, pairs bool) {
	between := " | "
	switch key := cells[0]; {
	case len(cells) != 2:
	case strings.HasSuffix(key, ":") && !strings.Contains(key, "\n"):
		cells[1], between = strings.TrimLeft(strings.TrimPrefix(cells[1], ":"), " "), " "
	case strings.HasPrefix(cells[1], ":") && isKey(key):
		between = ""
	case pairs && isKey(key):
		between = ": "
	}
	if between == " | " {
		for _, c := range cells {
			if strings.Contains(c, "\n") {
				between = "\n"
				break
			}
		}
	}
	for i, c := range cells {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(c)
	}
}

// isKey says whether a cell may name what stands beside it: short, on one line, beginning with a letter.
func isKey(cell string) bool {
	r, _ := utf8.DecodeRuneInString(cell)
	return unicode.IsLetter(r) && len(cell) <= 60 && !strings.Contains(cell, "\n") && !strings.HasSuffix(cell, ".")
}
