package templates

import (
	"bytes"
	"html/template"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"helpost/internal/sop"
)

// sameAsPackages holds the programs of a notice to what the template packages write of it.
func sameAsPackages(t *testing.T, s *Set, d Data) {
	t.Helper()
	var p Parts
	l := s.language(d.Lang)
	p.view.fill(l, &d)
	lines := l.kinds[d.Kind]
	p.page.fill(&p.view, samePart(t, lines.program, &p.view))
	p.page.escape(nil)
	samePart(t, s.layout, &p.page)
}

func samePart(t *testing.T, p program, data any) string {
	t.Helper()
	got, err := p.run(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := p.origin.Execute(&want, data); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("the program writes\n%q\nand the package\n%q", got, want.Bytes())
	}
	return string(got)
}

func TestAProgramWritesWhatItsPackageWrites(t *testing.T) {
	s := set(t)
	for _, d := range Samples() {
		sameAsPackages(t, s, d)
		for _, evil := range evils {
			if len(evil) < 10_000 {
				sameAsPackages(t, s, spoiled(d, evil))
			}
		}
	}
}

// Of what comes with every mail nothing may fall back to the packages unseen.
func TestTheDailyNoticesArePrograms(t *testing.T) {
	slow := []sop.Kind{sop.KindBreach, sop.KindEscalated, sop.KindReport, sop.KindWarning} // they number, compare, or name values
	s := set(t)
	if s.layout.steps == nil {
		t.Error("the layout is none")
	}
	for _, l := range s.languages {
		for kind, k := range l.kinds {
			if k.steps == nil && !slices.Contains(slow, kind) {
				t.Errorf("%s/%s is none", l.lang, kind)
			}
		}
	}
}

// oddLayout puts values wherever HTML has rules of its own for them.
const oddLayout = `{{define "foot"}}<i>{{.}}</i>{{end}}<a href="https://x.example/?q={{.Foot}}" title='{{.Foot}}' data-n={{.Ref}} style="color: {{.Lang}}" onclick="go({{.QuoteIntro}})">x</a>
<script>var foot = {{.Foot}};</script>{{template "foot" .Foot}}{{printf "%q" .Ref}}{{.Ref | html}}{{len .Blocks}}`

func TestWhatAnOperatorsTemplatesSayIsEscapedLikewise(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"known": {
			"layout.html": `<p title="{{.Foot}}" lang="{{.Lang}}">{{if and .Ref (not .Bars)}}{{.Ref}}{{else}}-{{end}}</p>{{range .Blocks}}{{range .Buttons}}<a href="{{.URL}}">{{.Name}}</a>{{else}}{{.Text}}{{end}}{{end}}{{range .Pictures}}<img src="{{.}}">{{end}}`,
			"id/ack.txt":  "{{with .Phone}}{{.}}{{else}}{{.Hello}}{{end}}\n{{if or (.In \"open\" \"new\") (.Is \"x\")}}\n{{.Subject}} {{.Count}}\n{{end}}\n",
		},
		"unknown": {
			"layout.html": oddLayout,
			"id/ack.txt":  "{{$id := .ID}}{{range $i, $t := .List}}{{$i}}{{end}}{{printf \"%.3s\" .Subject}} {{$id | printf \"<%s>\"}} {{len .Hello}}{{.ToDesk}}\n",
		},
		"one value unknown": {"layout.html": `<p>{{.Foot}}</p><p style="width: {{.Ref}}">{{range .Blocks}}{{.Text}}{{.Near}}{{end}}</p>`},
	} {
		s, err := Load(dirWith(t, files))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if known := s.layout.steps != nil; known != (name == "known") {
			t.Errorf("%s: the layout is a program: %v", name, known)
		}
		for _, evil := range append(evils[:8:8], "\u00e9 +'\"<&>\x00", "a%zz%2f (b)", "\ufdd0\uffff") {
			d := spoiled(Samples()["ack.id"], evil)
			d.Company, d.Pictures = Company{Phone: evil, Hours: evil}, []string{evil, "a@b"}
			d.Buttons = []Button{{Name: "take", URL: "mailto:a+b@c?x=" + evil}, {Name: evil, URL: evil}, {URL: "javascript:alert(1)"}}
			sameAsPackages(t, s, d)
		}
	}
}

// What html/template does not escape must never become a program.
func TestATreeWithoutEscapersIsNoProgram(t *testing.T) {
	c := compiler{html: true}
	raw := template.Must(template.New("").Parse("<p>{{.Foot}}</p>"))
	if p := c.program(raw, raw.Tree, reflect.TypeFor[page]()); p.steps != nil {
		t.Error("it is one")
	}
}

func TestUsedPartsWriteWhatFreshOnesDo(t *testing.T) {
	s, samples := set(t), Samples()
	var used Parts
	for range 3 {
		for _, name := range slices.Sorted(maps.Keys(samples)) {
			d := samples[name]
			want, err := s.Render(d)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Write(&used, &d); err != nil {
				t.Fatal(err)
			}
			if string(used.Text) != want.Text || string(used.HTML) != want.HTML {
				t.Fatalf("%s: %s\n%s", name, used.Text, used.HTML)
			}
			if err := s.Write(&used, &Data{Kind: "greeting"}); err == nil || !strings.Contains(err.Error(), "greeting") {
				t.Fatal(err)
			}
		}
	}
}
