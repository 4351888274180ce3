package templates

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

var embeddedSet = sync.OnceValues(func() (*Set, error) { return Load("") })

// set is the embedded templates, read once.
func set(t testing.TB) *Set {
	t.Helper()
	s, err := embeddedSet()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNoticesAreAsTheGoldenFilesShowThem(t *testing.T) {
	s := set(t)
	samples, shown := Samples(), map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		mail, err := s.Render(samples[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		parts := map[string]string{".txt": mail.Text}
		if base, _, _ := strings.Cut(name, "."); shown[base+"."+string(samples[name].Lang)] == "" { // one HTML of a kind: the lines are the text's
			shown[base+"."+string(samples[name].Lang)] = name
			parts[".html"] = mail.HTML
		}
		for suffix, got := range parts {
			file := filepath.Join("testdata", "golden", name+suffix)
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Errorf("%v (go test ./templates -update writes it)", err)
			} else if string(want) != got {
				t.Errorf("%s is not as %s shows it:\n%s", name, file, got)
			}
		}
	}
}
