package config

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// documented reads docs/configuration.md: section → key → what it says of the default.
func documented(t *testing.T) map[string]map[string]string {
	t.Helper()
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	heading := regexp.MustCompile("^## `\\[+([A-Za-z0-9_.]+)\\]+`$")
	row := regexp.MustCompile("^\\| `([A-Za-z0-9_]+)` \\| (.*?) \\|")
	all := map[string]map[string]string{}
	section := ""
	for _, line := range strings.Split(string(data), "\n") {
		if m := heading.FindStringSubmatch(line); m != nil {
			section = m[1]
			all[section] = map[string]string{}
		}
		if m := row.FindStringSubmatch(line); m != nil {
			all[section][m[1]] = m[2]
		}
	}
	return all
}

// written is a default the way that the page writes it, "" where it is empty.
func written(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case Duration:
		if x.Duration == 0 {
			return ""
		}
		return "`\"" + x.String() + "\"`"
	case Size:
		return "`\"" + x.String() + "\"`"
	case MatrixRow:
		return fmt.Sprintf("`{ high = %q, medium = %q, low = %q }`", x.High, x.Medium, x.Low)
	case string:
		if x == "" {
			return ""
		}
		return fmt.Sprintf("`%q`", x)
	case []string:
		if len(x) == 0 {
			return ""
		}
		return "`[" + quoted(x) + "]`"
	case bool, int, uint64, float64:
		return fmt.Sprintf("`%v`", x)
	}
	return ""
}

func TestThePageNamesEveryKeyAndItsDefault(t *testing.T) {
	page := documented(t)
	var walk func(path string, of reflect.Type, defaults reflect.Value)
	walk = func(path string, of reflect.Type, defaults reflect.Value) {
		keys, ok := page[path]
		if !ok && path != "" {
			t.Errorf("the page has no section %s", path)
			return
		}
		known := fieldsOf(of)
		for key, i := range known {
			field := of.Field(i).Type
			list := field.Kind() == reflect.Slice && field.Elem().Kind() == reflect.Struct
			isSection := list || field.Kind() == reflect.Struct && field != reflect.TypeFor[Duration]() && field != reflect.TypeFor[Size]() && field != reflect.TypeFor[Rate]() && field != reflect.TypeFor[MatrixRow]()
			if !isSection || key == "hours" {
				said, there := keys[key]
				if !there {
					t.Errorf("[%s] %s is not on the page", path, key)
				}
				if defaults.IsValid() && key != "hostname" {
					if want := written(defaults.Field(i)); want != "" && said != want {
						t.Errorf("[%s] %s: the page says the default is %s, it is %s", path, key, said, want)
					}
				}
			}
			switch {
			case list:
				walk(join(path, key), field.Elem(), reflect.Value{})
			case isSection:
				var inner reflect.Value
				if defaults.IsValid() {
					inner = defaults.Field(i)
				}
				walk(join(path, key), field, inner)
			}
		}
		for key := range keys {
			if _, ok := known[key]; !ok {
				t.Errorf("the page has a key %s in [%s] that there is not", key, path)
			}
		}
	}
	walk("", reflect.TypeFor[Config](), reflect.ValueOf(defaults("helpost.toml")).Elem())
}

// The examples on the page load, each on top of the smallest configuration.
func TestTheExamplesOnThePageLoad(t *testing.T) {
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(data), -1)
	if len(examples) < 6 {
		t.Fatalf("there are %d examples", len(examples))
	}
	for _, e := range examples {
		text := e[1]
		for _, need := range []string{"[tickets]\nsecret_file = \"secret\"\n", "[[mailbox]]\naddress = \"helpdesk@company.com\"\n", "[relay]\naddress = \"smtp.company.com:587\"\n"} {
			if header, _, _ := strings.Cut(need, "\n"); !strings.Contains(text, header) {
				text += need
			}
		}
		for _, who := range []string{"andi", "rudi"} {
			if !strings.Contains(text, "[[agent]]\naddress = \""+who) {
				text += "[[agent]]\naddress = \"" + who + "@company.com\"\n"
			}
		}
		text = strings.ReplaceAll(text, "/etc/helpost/", "")
		path := write(t, text)
		dir := strings.TrimSuffix(path, "helpost.toml")
		put(t, dir+"relay-password", "secret word")
		put(t, dir+"holidays.txt", "2026-01-01 New Year\n")
		put(t, dir+"hook-secret", "0123456789abcdef\n")
		put(t, dir+"wake-somebody", "#!/bin/sh\n")
		if err := os.Chmod(dir+"wake-somebody", 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}
