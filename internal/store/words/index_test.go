package words

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"helpost/internal/sop"
)

func openTest(t testing.TB, folder string) *Index {
	t.Helper()
	x, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

// lists gives all that each list of a query holds.
func lists(x *Index, q Query, extra ...sop.Number) (all [][]sop.Number, err error) {
	err = x.Find(q, extra, func(f *Found) error {
		for _, l := range f.Lists {
			var some []sop.Number
			for n, more := l(math.MaxUint64); more; n, more = l(n) {
				some = append(some, n)
			}
			all = append(all, some)
		}
		return f.Err()
	})
	return all, err
}

func mustList(t testing.TB, x *Index, query string, extra ...sop.Number) [][]sop.Number {
	t.Helper()
	all, err := lists(x, Parse(query), extra...)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWhatWasAddedIsFoundNewestFirst(t *testing.T) {
	folder := t.TempDir()
	x := openTest(t, folder)
	x.Add(7, Read{1, 1, 0}, "Printer macet", "LT-0234")
	x.Add(70_000, Read{1, 1, 0}, "printer baru")
	x.Add(1<<40-1, Read{3, 2, 0}, "Printer hilang")
	if err := x.Flush(Place{Day: "2026-01-30", Digest: "d", Below: 5}); err != nil {
		t.Fatal(err)
	}
	x.Add(7, Read{4, 2, 0}, "sudah diganti printernya")
	x.Add(8, Read{1, 1, 1<<32 - 1}, "mouse")
	for range 2 {
		for query, want := range map[string]string{
			"printer":    "[[1099511627775 70000 7]]",
			"prin":       "[[1099511627775 70000 7]]",
			"pri":        "[[1099511627775 70000 7]]",
			"pr":         "[[1099511627775 70000 7]]",
			"p":          "[[]]",
			"printern":   "[[7]]",
			"printer ma": "[[1099511627775 70000 7] [7]]",
			"lt-02":      "[[7] [7]]",
			"mo":         "[[8]]",
			"x":          "[[]]",
			"":           "[]",
		} {
			if got := fmt.Sprint(mustList(t, x, query)); got != want {
				t.Errorf("%q: %s, want %s", query, got, want)
			}
		}
		if got := fmt.Sprint(mustList(t, x, "mouse printer", 9, 3)); got != "[[9 8 3] [1099511627775 70000 9 7 3]]" {
			t.Errorf("with two that were not read: %s", got)
		}
		for n, want := range map[sop.Number]Read{7: {4, 2, 0}, 8: {1, 1, 1<<32 - 1}, 70_000: {1, 1, 0}, 1<<40 - 1: {3, 2, 0}, 9: {}, 1: {}, 1 << 41: {}} {
			if got, there, err := x.Known(n); got != want || there != (want.Seq > 0) || err != nil {
				t.Errorf("of ticket %d is known %v, %v, %v", n, got, there, err)
			}
		}
		if err := x.Flush(Place{Day: "2026-01-31", Below: 1}); err != nil {
			t.Fatal(err)
		}
		x.Close()
		x = openTest(t, folder)
		if at := x.Place(); at == nil || *at != (Place{Day: "2026-01-31", Below: 1}) {
			t.Fatalf("its place is %v", at)
		}
	}
}

// TestTheIndexHoldsWhatAModelHolds adds, flushes, merges, forgets and opens anew, and compares what is found with a model.
func TestTheIndexHoldsWhatAModelHolds(t *testing.T) {
	vocabulary := strings.Fields("a an andi printer printers print pri prita macet macet2 lt lt0 0234 0235 ärger über x xx xxx xxxx")
	rapid.Check(t, func(t *rapid.T) {
		folder, err := os.MkdirTemp("", "helpost-words-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(folder)
		x, err := Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { x.Close() }()
		says := map[sop.Number]map[string]bool{}
		read := map[sop.Number]Read{}
		numbers := rapid.OneOf(rapid.Uint64Range(1, 40), rapid.Uint64Range(4090, 4100), rapid.Uint64Range(1, 200_000))
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				for range rapid.IntRange(1, 5).Draw(t, "times") {
					n := sop.Number(numbers.Draw(t, "number"))
					text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 6).Draw(t, "text"), " ")
					read[n] = Read{read[n].Seq + 1, read[n].Messages + 1, uint32(n)}
					x.Add(n, read[n], text)
					if says[n] == nil {
						says[n] = map[string]bool{}
					}
					for w := range Of(text) {
						says[n][string(w)] = true
					}
				}
			},
			"flush": func(t *rapid.T) {
				if err := x.Flush(Place{}); err != nil {
					t.Fatal(err)
				}
			},
			"open": func(t *rapid.T) {
				if err := errors.Join(x.Flush(Place{Below: 3}), x.Close()); err != nil {
					t.Fatal(err)
				}
				if x, err = Open(folder); err != nil || x.Place() == nil {
					t.Fatal(err)
				}
			},
			"forget": func(t *rapid.T) {
				gone := map[sop.Number]bool{}
				for n := range says {
					if rapid.IntRange(0, 3).Draw(t, "gone") == 0 {
						gone[n] = true
						delete(says, n)
						delete(read, n)
					}
				}
				if err := x.Forget(gone); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				query := strings.Join(rapid.SliceOfN(rapid.SampledFrom(append(vocabulary, "p", "pr", "prin", "ma", "0", "02", "023")), 1, 3).Draw(t, "query"), " ")
				q := Parse(query)
				got, err := lists(x, q)
				if err != nil {
					t.Fatal(err)
				}
				for i, term := range q.terms {
					var want []sop.Number
					for n, words := range says {
						for w := range words {
							if w == term[0] || q.last(i, 0) && strings.HasPrefix(w, term[0]) {
								want = append(want, n)
								break
							}
						}
					}
					slices.Sort(want)
					slices.Reverse(want)
					if !slices.Equal(got[i], want) {
						t.Fatalf("%q of %q is in %v, want %v", term[0], query, got[i], want)
					}
				}
				for n := range 50 {
					n := sop.Number(n)
					r, there, err := x.Known(n)
					if _, want := read[n]; err != nil || r != read[n] || there != want {
						t.Fatalf("of ticket %d is known %v, %v, %v; want %v", n, r, there, err, read[n])
					}
				}
			},
		})
	})
}

// TestACommonWordIsReadInPieces: tickets beyond what one piece holds, and words that begin alike beyond what is looked at one
// by one.
func TestACommonWordIsReadInPieces(t *testing.T) {
	x := openTest(t, t.TempDir())
	const all = 30_000
	for n := sop.Number(1); n <= all; n++ {
		text := fmt.Sprintf("printer kode%05d", n)
		if n%3 == 0 {
			text += " macet"
		}
		x.Add(n, Read{1, 1, 0}, text)
		if n%2000 == 0 {
			if err := x.Flush(Place{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if files := len(x.segments); files > 8 {
		t.Errorf("there are %d files", files)
	}
	if got := mustList(t, x, "printer x")[0]; len(got) != all || got[0] != all || got[all-1] != 1 {
		t.Errorf("%d hold the common word", len(got))
	}
	if got := mustList(t, x, "macet x")[0]; len(got) != all/3 || got[0] != all || got[len(got)-1] != 3 {
		t.Errorf("%d hold the other", len(got))
	}
	if got := mustList(t, x, "kode00007"); !slices.Equal(got[0], []sop.Number{7}) {
		t.Errorf("a rare word is in %v", got)
	}
	if got := mustList(t, x, "kode0000"); !slices.Equal(got[0], []sop.Number{9, 8, 7, 6, 5, 4, 3, 2, 1}) {
		t.Errorf("a few that begin alike are in %v", got)
	}
	if got := mustList(t, x, "kode0")[0]; len(got) < 9999 {
		t.Errorf("of many that begin alike there are %d", len(got))
	}
	err := x.Find(Parse("macet printer"), nil, func(f *Found) error { // leaping: what is asked for, whatever was asked before
		for _, n := range []sop.Number{1 << 50, 29_000, 12_289, 12_288, 8_192, 20, 4, 3, 0, 17} {
			want := (min(n, all+1) - 1) / 3 * 3
			if n == 0 {
				want = 0
			}
			if got, more := f.Lists[0](n); got != want || more != (want > 0) {
				t.Errorf("below %d is %d, want %d", n, got, want)
			}
		}
		return f.Err()
	})
	if err != nil {
		t.Error(err)
	}
}

// TestDamageIsSeen changes each file at many places: what was there is found, or nothing and that it is damaged.
func TestDamageIsSeen(t *testing.T) {
	folder := t.TempDir()
	x := openTest(t, folder)
	for n := sop.Number(1); n <= 3000; n++ {
		x.Add(n, Read{1, 1, 0}, fmt.Sprintf("printer kode%d", n))
	}
	if err := x.Flush(Place{}); err != nil {
		t.Fatal(err)
	}
	x.Close()
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	if len(files) != 2 {
		t.Fatalf("the files are %v", files)
	}
	for _, file := range files {
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for at := 0; at < len(good); at += max(1, len(good)/60) {
			for _, bad := range [][]byte{good[:at], append(slices.Clone(good[:at]), make([]byte, len(good)-at)...), flipped(good, at)} {
				for name, content := range map[string][]byte{filepath.Base(file): bad} {
					here := t.TempDir()
					for _, f := range files {
						b, _ := os.ReadFile(f)
						if filepath.Base(f) == name {
							b = content
						}
						if err := os.WriteFile(filepath.Join(here, filepath.Base(f)), b, 0o600); err != nil {
							t.Fatal(err)
						}
					}
					x, err := Open(here)
					if err != nil {
						t.Fatal(err)
					}
					if x.Place() == nil {
						seen++
						if len(x.segments) > 0 {
							t.Errorf("a damaged index has %d files", len(x.segments))
						}
					} else if got, err := lists(x, Parse("printer x")); err != nil || x.Spoiled() {
						seen++
						if !x.Spoiled() || !errors.Is(err, errDamaged) {
							t.Errorf("damage at %d of %s is %v", at, name, err)
						}
						if err := x.Empty(); err != nil || x.Place() != nil || x.Spoiled() {
							t.Errorf("it is not empty: %v", err)
						}
					} else if len(got[0]) != 3000 {
						t.Errorf("damage at %d of %s: %d tickets are found", at, name, len(got[0]))
					}
					x.Close()
				}
			}
		}
		if seen == 0 {
			t.Errorf("no damage of %s was seen", file)
		}
	}
}

func flipped(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 0x10
	return b
}

// TestAMergeThatIsBrokenOffLosesNothing, and leaves no file behind once the index was opened anew.
func TestAMergeThatIsBrokenOffLosesNothing(t *testing.T) {
	folder := t.TempDir()
	x := openTest(t, folder)
	x.Rest = func() error { return errors.New("enough") }
	text := strings.Builder{}
	for i := range 20_000 {
		fmt.Fprintf(&text, "kata%06d ", i)
	}
	var err error
	for n := sop.Number(1); n <= 4; n++ {
		x.Add(n, Read{1, 1, 0}, fmt.Sprintf("printer nomor%d ", n)+text.String())
		err = x.Flush(Place{})
	}
	if err == nil || len(x.segments) != 4 {
		t.Fatalf("%v, %d files", err, len(x.segments))
	}
	for range 2 {
		if got := mustList(t, x, "printer x")[0]; len(got) != 4 {
			t.Errorf("it is in %v", got)
		}
		x.Close()
		x = openTest(t, folder)
		if files, _ := filepath.Glob(filepath.Join(folder, "*")); len(files) != len(x.segments)+1 {
			t.Errorf("the files are %v", files)
		}
		if err := x.Flush(Place{}); err != nil {
			t.Fatal(err)
		}
		if len(x.segments) != 1 {
			t.Errorf("there are %d files", len(x.segments))
		}
	}
}

// TestWhatIsForgottenIsInNoFile: neither as a word, nor as a ticket.
func TestWhatIsForgottenIsInNoFile(t *testing.T) {
	folder := t.TempDir()
	x := openTest(t, folder)
	for n := sop.Number(1); n <= 300; n++ {
		text := "printer"
		if n == 77 {
			text = "printer rahasia77"
		}
		x.Add(n, Read{1, 1, 0}, text)
		if n%100 == 0 {
			if err := x.Flush(Place{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	x.Add(77, Read{2, 2, 0}, "rahasia88")
	if err := x.Forget(map[sop.Number]bool{77: true, 5000: true}); err != nil {
		t.Fatal(err)
	}
	if err := x.Flush(Place{}); err != nil {
		t.Fatal(err)
	}
	if got := mustList(t, x, "printer x")[0]; len(got) != 299 || slices.Contains(got, 77) {
		t.Errorf("%d are left", len(got))
	}
	if _, there, _ := x.Known(77); there {
		t.Error("it is known")
	}
	all, _ := filepath.Glob(filepath.Join(folder, "*"))
	for _, file := range all {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "rahasia") || strings.Contains(string(b), "asia") {
			t.Errorf("%s holds the word", file)
		}
	}
}

func TestAnotherFormatBeginsAnew(t *testing.T) {
	folder := t.TempDir()
	x := openTest(t, folder)
	x.Add(1, Read{1, 1, 0}, "printer")
	if err := x.Flush(Place{}); err != nil {
		t.Fatal(err)
	}
	x.Close()
	if err := os.WriteFile(filepath.Join(folder, manifestName), signed([]byte(`{"format":2,"next":3,"files":[]}`)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "other.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	x = openTest(t, folder)
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); x.Place() != nil || len(left) != 1 || filepath.Base(left[0]) != "other.txt" {
		t.Errorf("left are %v", left)
	}
}
