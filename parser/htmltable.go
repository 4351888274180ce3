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

// layTable writes the rows of a table: "Key: value" where its rows are pairs, else the cells side by side.
func layTable(out []byte, t table) string {
	rows := make([][]string, 0, len(t.rows))
	pairs := 0
	for i, r := range t.rows {
		end := len(out)
		if i+1 < len(t.rows) {
			end = t.rows[i+1].start
		}
		if r.start >= end {
			continue
		}
		cells := tidyCells(strings.Split(string(out[r.start:end]), string(rune(cellMark))))
		if len(cells) == 2 && isKey(cells[0]) {
			pairs++
		}
		rows = append(rows, cells)
	}
	columns := len(t.rows) > 1 && t.rows[0].heading && t.rows[0].cells > 1
	var b strings.Builder
	if lead := t.rows[0].start; lead > t.start {
		b.Write(bytes.ReplaceAll(out[t.start:lead], []byte{cellMark}, []byte{'\n'}))
	}
	for _, cells := range rows {
		if columns {
			for i, c := range cells {
				cells[i] = strings.Join(strings.Fields(c), " ")
			}
		}
		line := layRow(cells, !columns && (pairs > 1 && pairs*3 >= len(rows)*2))
		if line == "" {
			continue
		}
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte('\n')
		}
		b.WriteString(line)
	}
	return b.String()
}

// tidyCells trims the cells, gives a colon that stands alone to the cell before it, and drops empty cells at both ends.
func tidyCells(cells []string) []string {
	var tidy []string
	for _, c := range cells {
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
func layRow(cells []string, pairs bool) string {
	switch {
	case len(cells) == 0:
		return ""
	case len(cells) == 1:
		return cells[0]
	case len(cells) == 2 && strings.HasSuffix(cells[0], ":") && !strings.Contains(cells[0], "\n"):
		return cells[0] + " " + strings.TrimLeft(strings.TrimPrefix(cells[1], ":"), " ")
	case len(cells) == 2 && strings.HasPrefix(cells[1], ":") && isKey(cells[0]):
		return cells[0] + cells[1]
	case len(cells) == 2 && pairs && isKey(cells[0]):
		return cells[0] + ": " + cells[1]
	}
	for _, c := range cells {
		if strings.Contains(c, "\n") {
			return strings.Join(cells, "\n")
		}
	}
	return strings.Join(cells, " | ")
}

// isKey says whether a cell may name what stands beside it: short, on one line, beginning with a letter.
func isKey(cell string) bool {
	r, _ := utf8.DecodeRuneInString(cell)
	return unicode.IsLetter(r) && len(cell) <= 60 && !strings.Contains(cell, "\n") && !strings.HasSuffix(cell, ".")
}
