package config

import (
	"bytes"
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"
)

// positions are the lines at which keys and values stand, by their path: "smtp.trusted_relay[1].cidr[0]".
type positions map[string]int

// locate finds the positions of all keys, tables and list items of a document that is known to be sound TOML.
func locate(document []byte) positions {
	l := locator{at: positions{}, count: map[string]int{}, document: document}
	l.parser.Reset(document)
	for l.parser.NextExpression() {
		node := l.parser.Expression()
		switch node.Kind {
		case unstable.Table:
			l.table = l.enter(node.Key(), false)
		case unstable.ArrayTable:
			l.table = l.enter(node.Key(), true)
		case unstable.KeyValue:
			l.keyValue(l.table, node)
		}
	}
	return l.at
}

type locator struct {
	parser   unstable.Parser
	document []byte
	at       positions
	count    map[string]int // items of each list of tables
	table    string         // the table that the parser is in
}

// enter follows the header of a table and gives its path. The last item of a list of tables is the one meant.
func (l *locator) enter(key unstable.Iterator, list bool) string {
	path := ""
	for key.Next() {
		path = join(path, string(key.Node().Data))
		l.set(path, key.Node())
		if key.Node().Next() == nil && list {
			l.count[path]++
		}
		if n := l.count[path]; n > 0 {
			path = item(path, n-1)
			l.set(path, key.Node())
		}
	}
	return path
}

func (l *locator) keyValue(path string, node *unstable.Node) {
	key := node.Key()
	var last *unstable.Node
	for key.Next() {
		last = key.Node()
		path = join(path, string(last.Data))
		l.set(path, last)
	}
	l.value(path, node.Value())
}

func (l *locator) value(path string, node *unstable.Node) {
	children := node.Children()
	switch node.Kind {
	case unstable.InlineTable:
		for children.Next() {
			l.keyValue(path, children.Node())
		}
	case unstable.Array:
		for i := 0; children.Next(); i++ {
			child := item(path, i)
			if children.Node().Raw.Length > 0 {
				l.set(child, children.Node())
			}
			l.value(child, children.Node())
		}
	}
}

// set notes where a node begins, the first time that its path is seen.
func (l *locator) set(path string, node *unstable.Node) {
	if _, known := l.at[path]; !known {
		l.at[path] = 1 + bytes.Count(l.document[:node.Raw.Offset], []byte("\n"))
	}
}

// line gives the line of a path, or of the nearest thing around it that has one.
func (p positions) line(path string) int {
	for ; path != ""; path = parent(path) {
		if n, ok := p[path]; ok {
			return n
		}
	}
	return 0
}

// has says whether a path stands in the document.
func (p positions) has(path string) bool { _, ok := p[path]; return ok }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

func parent(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '.' || path[i] == '[' {
			return path[:i]
		}
	}
	return ""
}
