// Package jottest holds what is written with jot to what encoding/json writes.
package jottest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// rounds is how many values are compared.
const rounds = 3000

// Hold compares what write appends with what encoding/json writes, over values of T with every field filled, or not, at
// random. A field that write does not know is found by that.
func Hold[T any](t *testing.T, write func(*T, []byte) ([]byte, error)) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		v := new(T)
		fill(r, reflect.ValueOf(v).Elem())
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		const before = "before,"
		have, err := write(v, []byte(before))
		if err != nil {
			t.Fatalf("%+v: %v", v, err)
		}
		if string(have) != before+string(want) {
			t.Fatalf("wrote\n%s\nbut encoding/json\n%s", have, want)
		}
	}
}

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
)

// texts are pieces of what a mail may bring.
var texts = []string{"", "a", "printer macet", "\"\\\b\f\n\r\t\x00\x1f\x7f", "<b>&amp;</b>", "\u2028\u2029", "é€😀", "\xff\xed\xa0\x80\xe2\x80", "{", "[", ":", ",", "\ufffd"}

// raws are values as a field of a ticket has them, and as it has not.
var raws = []string{`null`, `1`, `true`, `"open"`, `"a \"b\" \\"`, `{"a":[1,{"b":" "}],"c":""}`, ` { "a" : 1 } `, `"<&>"`, "\"\u2028\"", `"\u003c"`, "\"\u2014 \u20ac\""}

func fill(r *rand.Rand, v reflect.Value) {
	if v.Kind() != reflect.Struct && r.IntN(4) == 0 { // empty
		return
	}
	switch v.Type() {
	case timeType:
		zone := time.FixedZone("", (r.IntN(48)-24)*1800)
		v.Set(reflect.ValueOf(time.Unix(r.Int64N(1<<33), []int64{0, 120e6, r.Int64N(1e9)}[r.IntN(3)]).In(zone)))
		return
	case rawType:
		v.SetBytes(bytes.Clone([]byte(raws[r.IntN(len(raws))])))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(texts[r.IntN(len(texts))] + texts[r.IntN(len(texts))])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64() - r.Int64())
	case reflect.Uint8:
		v.SetUint(uint64(r.IntN(256)))
	case reflect.Uint64:
		v.SetUint(r.Uint64() >> r.IntN(64))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 3))
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range r.IntN(4) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(r, key)
			fill(r, value)
			v.SetMapIndex(key, value)
		}
	case reflect.Interface: // what an event says
		all := []any{"text<", 7, true, 1.5, []string{"a", "b"}, []string(nil), []string{}, []any{"a", 1}, map[string]string{"b": "1", "a": "<"}, map[string]any{}}
		v.Set(reflect.ValueOf(all[r.IntN(len(all))]))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" {
				fill(r, v.Field(i))
			}
		}
	default:
		panic("jottest cannot fill a " + v.Type().String())
	}
}
