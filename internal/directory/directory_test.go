package directory

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"helpost/internal/sop"
)

const people = `address,name,department,asset_code,language,role
Rina@Company.com,Rina Wijaya,Keuangan,NB-FIN-0113,id,Staf
james@partner.example,"Whitfield, James",Engineering,ENG-LT-019,EN,
`

func TestPeopleAreReadAsSpreadsheetsWriteThem(t *testing.T) {
	rina := sop.Person{Address: "rina@company.com", Name: "Rina Wijaya", Department: "Keuangan", AssetCode: "NB-FIN-0113", Lang: "id"}
	for name, file := range map[string]string{
		"as documented":            people,
		"BOM and CRLF":             "\ufeff" + strings.ReplaceAll(people, "\n", "\r\n"),
		"semicolons":               "address;name;department;asset_code;language;role\nrina@company.com;Rina Wijaya;Keuangan;NB-FIN-0113;id;Staf\n",
		"tabs, no end of line":     "address\tname\tdepartment\tasset_code\tlanguage\trole\nrina@company.com\tRina Wijaya\tKeuangan\tNB-FIN-0113\tid\tStaf",
		"another order and more":   "nik,Role,Language,ADDRESS, department ,name,x,asset_code\n7,Staf,ID,rina@company.com,Keuangan,Rina Wijaya,\"a,b\",NB-FIN-0113\n",
		"quotes and blanks":        "\"address\",\"name\",\"department\",\"asset_code\",\"language\",\"role\"\n\" rina@company.com \", \"Rina \nWijaya\" ,Keuangan,NB-FIN-0113,id,Staf\n",
		"empty rows at the bottom": people + ",,,,,\n\n\n,,,,,\n",
	} {
		if name == "quotes and blanks" { // a blank after a closing quote is an error of CSV
			file = strings.Replace(file, "\" ,Keuangan", "\",Keuangan", 1)
		}
		got, err := Parse([]byte(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got["rina@company.com"] != rina {
			t.Errorf("%s: %+v", name, got)
		}
	}
	got, err := Parse([]byte("address\nrina@company.com\n"))
	if err != nil || got["rina@company.com"].Address != "rina@company.com" {
		t.Errorf("the address alone: %v, %v", got, err)
	}
}

func TestABadFileIsRefusedByLine(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"an address that is none", "address,name\nrina@company.com,R\nrina,R\n", `line 3: "rina" is no mail address`},
		{"an address with a name", "address,name\nRina <rina@company.com>,R\n", "line 2:"},
		{"too few columns", "address,name\nrina@company.com\n", "line 2: this line has 1 columns, the first line 2"},
		{"a language that we do not write", "address,language\nrina@company.com,de\n", "line 2: language"},
		{"somebody twice", "address\nrina@company.com\nRINA@company.com\n", "line 3: rina@company.com is there already, in line 2"},
		{"an open quote", "address,name\nrina@company.com,\"R\na@company.com,A\n", "line 2:"},
		{"a quote inside", "address,name\nrina@company.com,R\"x\"\n", "line 2: a quote"},
		{"no address", "mail,name\nrina@company.com,R\n", `line 1: there is no column "address"`},
		{"a column twice", "address,name,name\n", "line 1:"},
		{"nothing", "", "line 1: the file is empty"},
		{"Latin-1", "address,name\nrina@company.com,Ren\xe9\n", "line 2: not UTF-8"},
		{"UTF-16", "\xff\xfea\x00", "line 1: the file is UTF-16"},
		{"after a field of several lines", "address,name\nrina@company.com,\"R\nW\"\nx,y\n", "line 4:"},
	} {
		if got, err := Parse([]byte(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, error %q; want %q", c.name, got, err, c.want)
		}
	}
	_, err := Parse([]byte("address\n" + strings.Repeat("x\n", 100)))
	if n := strings.Count(err.Error(), "\n") + 1; n != maxProblems {
		t.Errorf("%d problems are told, want %d", n, maxProblems)
	}
}

// office is a directory in a folder of its own, with a clock that stands.
type office struct {
	*Directory
	file string
	now  time.Time
	log  bytes.Buffer
}

func desk(t *testing.T, content string) *office {
	t.Helper()
	o := &office{file: filepath.Join(t.TempDir(), "people.csv"), now: time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)}
	o.write(t, content)
	d, err := open(o.file, []string{"Company.com"}, func() time.Time { return o.now }, slog.New(slog.NewTextHandler(&o.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	o.Directory = d
	return o
}

// write changes the file; its time is the clock's, ten minutes ago.
func (o *office) write(t *testing.T, content string) {
	t.Helper()
	if err := os.WriteFile(o.file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(o.file, o.now, o.now.Add(-10*time.Minute)); err != nil {
		t.Fatal(err)
	}
}

func TestWhoMayReport(t *testing.T) {
	o := desk(t, people)
	for address, want := range map[string]bool{
		"rina@company.com": true, "intern@company.com": true, "Intern@COMPANY.com": true, "James@Partner.example": true,
		"joe@partner.example": false, "x@sub.company.com": false, "x@company.com.evil.example": false, "x@evil.example@company.com": false,
		"@company.com": false, "company.com": false, "": false, "x@\u212aompany.com": false, "x@notcompany.com": false,
	} {
		if got := o.MayReport(address); got != want {
			t.Errorf("%q may report: %v, want %v", address, got, want)
		}
	}
	if p, ok := o.Person("JAMES@partner.EXAMPLE"); !ok || p.Name != "Whitfield, James" || p.Lang != sop.English {
		t.Errorf("James is %+v", p)
	}
	if !o.Listed() || o.Size() != 2 {
		t.Errorf("%d people", o.Size())
	}
}

func TestWithoutAFileTheDomainsSayWhoMayReport(t *testing.T) {
	d, err := Open("", []string{"company.com"}, slog.Default())
	if err != nil || d.Listed() || d.Problem() != nil || !d.MayReport("a@company.com") || d.MayReport("a@b.example") {
		t.Errorf("%v, %v", d, err)
	}
}

func TestAChangeIsSeenAtTheNextLook(t *testing.T) {
	o := desk(t, people)
	o.write(t, people+"budi@partner.example,Budi,,,,\n")
	if o.MayReport("budi@partner.example") {
		t.Error("the file was looked at again within the second")
	}
	o.now = o.now.Add(Every)
	if !o.MayReport("budi@partner.example") {
		t.Error("the new colleague is not seen")
	}
	o.now = o.now.Add(Every)
	replaced := filepath.Join(filepath.Dir(o.file), "new")
	info, err := os.Stat(o.file)
	if err != nil {
		t.Fatal(err)
	}
	same := strings.Replace(people+"budi@partner.example,Budi,,,,\n", "budi@", "susi@", 1) // the same size, the same time
	if err := os.WriteFile(replaced, []byte(same), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(replaced, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(replaced, o.file); err != nil {
		t.Fatal(err)
	}
	if o.MayReport("budi@partner.example") || !o.MayReport("susi@partner.example") {
		t.Error("a file put in its place is not seen")
	}
}

func TestAWriteInTheSameTickIsSeen(t *testing.T) {
	o := desk(t, people)
	fresh := func(content string) { // written at this very moment by the file's clock
		o.write(t, content)
		if err := os.Chtimes(o.file, o.now, o.now); err != nil {
			t.Fatal(err)
		}
	}
	o.now = o.now.Add(time.Minute)
	fresh(people + "budi@partner.example,Budi,,,,\n")
	if !o.MayReport("budi@partner.example") {
		t.Fatal("the new colleague is not seen")
	}
	time0 := o.now
	fresh(people + "susi@partner.example,Susi,,,,\n")
	o.now = time0.Add(Every)
	if !o.MayReport("susi@partner.example") {
		t.Error("a second write at the same time and of the same size is not seen")
	}
}

func TestABadFileKeepsThePeopleAndIsTold(t *testing.T) {
	o := desk(t, people)
	o.now = o.now.Add(Every)
	o.write(t, people+"nobody\n")
	if !o.MayReport("james@partner.example") {
		t.Error("the people are gone")
	}
	if err := o.Problem(); err == nil || !strings.Contains(err.Error(), "people.csv:4: this line has 1 columns") {
		t.Errorf("the problem is %v", err)
	}
	for range 3 {
		o.now = o.now.Add(Every)
		o.Person("x")
	}
	if n := strings.Count(o.log.String(), "level=ERROR"); n != 1 {
		t.Errorf("the log has %d lines about it:\n%s", n, o.log.String())
	}
	if err := os.Remove(o.file); err != nil {
		t.Fatal(err)
	}
	o.now = o.now.Add(Every)
	if err := o.Problem(); err == nil || !strings.Contains(err.Error(), "no such file") || o.Size() != 2 {
		t.Errorf("without the file: %v, %d people", err, o.Size())
	}
	o.write(t, people+"budi@partner.example,Budi,,,,\n")
	o.now = o.now.Add(Every)
	if err := o.Problem(); err != nil || o.Size() != 3 {
		t.Errorf("after the mend: %v, %d people", err, o.Size())
	}
}

func TestABadFileAtTheStartIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte("address\nx\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, nil, slog.Default()); err == nil || !strings.Contains(err.Error(), "people.csv:2:") {
		t.Errorf("the error is %v", err)
	}
}

func TestManyAskWhileTheFileChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "people.csv")
	large := strings.Builder{}
	large.WriteString("address,name\n")
	for i := range 20_000 {
		fmt.Fprintf(&large, "karyawan%d@partner.example,Karyawan %d\n", i, i)
	}
	if err := os.WriteFile(file, []byte(large.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	now := time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(10 * time.Millisecond)
		return now
	}
	d, err := open(file, nil, clock, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				if _, ok := d.Person("karyawan19999@partner.example"); !ok {
					t.Error("somebody is gone while the file is read anew")
					return
				}
			}
		})
	}
	for i := range 5 {
		next := file + ".new"
		if err := os.WriteFile(next, []byte(large.String()+fmt.Sprintf("new%d@partner.example,N\n", i)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, file); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
}

// Whatever bytes the file has, reading them ends, and nobody stands under an address that is none.
func FuzzParse(f *testing.F) {
	f.Add([]byte(people))
	f.Add([]byte("\ufeffaddress;name\r\n\"a@b.example\";\"x\"\"y\"\r\n"))
	f.Add([]byte("address\tname\na@b.example\tx\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Parse(data)
		if err != nil && got != nil {
			t.Error("an error and people")
		}
		for address, p := range got {
			if address != p.Address || strings.Count(address, "@") != 1 || strings.ContainsAny(address+p.Name+p.Department+p.AssetCode, "\r\n\x00") {
				t.Errorf("%q: %+v", address, p)
			}
		}
	})
}

func BenchmarkParse200000(b *testing.B) {
	file := strings.Builder{}
	file.WriteString("address,name,department,asset_code,language,role\n")
	for i := range 200_000 {
		fmt.Fprintf(&file, "karyawan%d@company.com,Karyawan %d,Keuangan,NB-FIN-%06d,id,Staf\n", i, i, i)
	}
	data := []byte(file.String())
	for b.Loop() {
		if got, err := Parse(data); err != nil || len(got) != 200_000 {
			b.Fatal(err)
		}
	}
}

func BenchmarkPerson(b *testing.B) {
	file := filepath.Join(b.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte(people), 0o600); err != nil {
		b.Fatal(err)
	}
	d, err := Open(file, []string{"company.com"}, slog.Default())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		d.Person("rina@company.com")
	}
}
