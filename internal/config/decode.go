package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// decoder puts a document's values where they belong, and collects everything that does not fit.
type decoder struct {
	file     string
	at       positions
	problems []Problem
}

// fail notes a problem at a path.
func (d *decoder) fail(path, format string, args ...any) {
	d.problems = append(d.problems, Problem{File: d.file, Line: d.at.line(path), Text: fmt.Sprintf(format, args...)})
}

// table fills a struct from a table. Unknown keys are problems; keys match exactly.
func (d *decoder) table(path string, from map[string]any, to reflect.Value) {
	fields := fieldsOf(to.Type())
	for key, value := range from {
		i, known := fields[key]
		if !known {
			d.unknown(path, key, value, fields)
			continue
		}
		d.value(join(path, key), value, to.Field(i))
	}
}

// unknown says that a key is not known, and which one may have been meant.
func (d *decoder) unknown(path, key string, value any, fields map[string]int) {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	what, where := "key", "at the top of the file"
	if _, isTable := value.(map[string]any); isTable {
		what = "section"
	}
	if path != "" {
		where = "in " + section(path)
	}
	mend := "remove it"
	if known := nearest(key, names); known != "" {
		mend = fmt.Sprintf("do you mean %q?", known)
	}
	d.fail(join(path, key), "unknown %s %q %s: %s", what, key, where, mend)
}

// fieldsOf lists the fields of a struct by their keys.
func fieldsOf(t reflect.Type) map[string]int {
	fields := map[string]int{}
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("toml"); name != "-" && name != "" {
			fields[name] = i
		}
	}
	return fields
}

// value puts one value into a field.
func (d *decoder) value(path string, value any, to reflect.Value) {
	switch to.Interface().(type) {
	case Duration:
		parsed(d, path, value, to, `a duration like "15m"`, ParseDuration)
		return
	case Size:
		parsed(d, path, value, to, `a size like "25MB"`, ParseSize)
		return
	case Rate:
		parsed(d, path, value, to, `a rate like "30/m"`, ParseRate)
		return
	}
	switch to.Kind() {
	case reflect.Struct:
		if m, ok := value.(map[string]any); ok {
			d.table(path, m, to)
			return
		}
		d.fail(path, "%q is a section: write [%s] or %s = { … }", key(path), plain(path), key(path))
	case reflect.Slice:
		d.list(path, value, to)
	default:
		d.scalar(path, value, to)
	}
}

// parsed reads a value that is written as a text in quotes.
func parsed[T any](d *decoder, path string, value any, to reflect.Value, want string, parse func(string) (T, error)) {
	text, ok := value.(string)
	if !ok {
		d.fail(path, "%s must be %s, in quotes and with its unit; it is %s", key(path), want, describe(value))
		return
	}
	v, err := parse(text)
	if err != nil {
		d.fail(path, "%s: %v", key(path), err)
		return
	}
	to.Set(reflect.ValueOf(v))
}

func (d *decoder) list(path string, value any, to reflect.Value) {
	items, ok := value.([]any)
	element := to.Type().Elem()
	if !ok {
		if element.Kind() == reflect.Struct {
			d.fail(path, "%s is a list of sections: write [[%s]] with two brackets", key(path), plain(path))
		} else {
			d.fail(path, "%s must be a list like [\"…\", \"…\"]; it is %s", key(path), describe(value))
		}
		return
	}
	list := reflect.MakeSlice(to.Type(), len(items), len(items))
	for i, v := range items {
		d.value(item(path, i), v, list.Index(i))
	}
	to.Set(list)
}

func (d *decoder) scalar(path string, value any, to reflect.Value) {
	fits := false
	switch v := value.(type) {
	case string:
		if fits = to.Kind() == reflect.String; fits {
			to.SetString(strings.TrimSpace(v))
		}
	case bool:
		if fits = to.Kind() == reflect.Bool; fits {
			to.SetBool(v)
		}
	case int64:
		switch to.Kind() {
		case reflect.Int:
			to.SetInt(v)
			fits = true
		case reflect.Uint64:
			if fits = v >= 0; fits {
				to.SetUint(uint64(v))
			}
		case reflect.Float64:
			to.SetFloat(float64(v))
			fits = true
		}
	case float64:
		if fits = to.Kind() == reflect.Float64; fits {
			to.SetFloat(v)
		}
	}
	if !fits {
		want := map[reflect.Kind]string{reflect.String: "a text in quotes", reflect.Bool: "true or false",
			reflect.Int: "a whole number", reflect.Uint64: "a whole number from 0", reflect.Float64: "a number"}[to.Kind()]
		d.fail(path, "%s must be %s; it is %s", key(path), want, describe(value))
	}
}

// describe says what a value is, for people.
func describe(value any) string {
	switch v := value.(type) {
	case string:
		return fmt.Sprintf("the text %q", shorten(v))
	case bool, int64, float64:
		return fmt.Sprint(v)
	case []any:
		return "a list"
	case map[string]any:
		return "a section"
	case time.Time, toml.LocalDate, toml.LocalDateTime, toml.LocalTime:
		return "a date or time"
	}
	return "something else"
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// key is the last key of a path, as it is written in the file.
func key(path string) string {
	for strings.HasSuffix(path, "]") {
		path = path[:strings.LastIndexByte(path, '[')]
	}
	return path[strings.LastIndexByte(path, '.')+1:]
}

// plain is a path without the numbers of list items.
func plain(path string) string {
	var b strings.Builder
	depth := 0
	for _, r := range path {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// section is a path as its header is written: [relay], [[agent]].
func section(path string) string {
	if strings.HasSuffix(path, "]") {
		return "[[" + plain(path) + "]]"
	}
	return "[" + plain(path) + "]"
}
