// Package internal holds no code: its test keeps the arrows of the house, which part may know which.
package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport lists, for every package of this module, the other packages of it that its code may import. A folder's rule
// holds for the folders below it too, which may import one another.
var mayImport = map[string][]string{
	// These can be read alone.
	"smtpd":     {"internal/sop"},
	"parser":    {"internal/sop"},
	"workflow":  {"internal/sop"},
	"templates": {"internal/sop"},

	"internal/sop":       {},
	"internal/jot":       {},
	"internal/durable":   {},
	"internal/blob":      {"internal/durable"},
	"internal/mailauth":  {"internal/sop"},
	"internal/directory": {"internal/sop"},
	"internal/record":    {"internal/jot", "internal/sop", "workflow"},
	"internal/thread":    {"internal/mailauth", "internal/sop", "workflow"},
	"internal/seal":      {"internal/sop"},
	"internal/store":     {"internal/blob", "internal/durable", "internal/jot", "internal/record", "internal/seal", "internal/sop", "workflow"},
	"internal/report":    {"internal/sop", "internal/store", "workflow"},
	"internal/compose":   {"internal/blob", "internal/mailauth", "internal/sop", "internal/store", "templates"},
	"internal/meter":     {"internal/alarm", "internal/mailer", "internal/sop", "internal/store", "smtpd", "workflow"},
	"internal/mailer":    {"internal/blob", "internal/sop", "internal/store"},
	"internal/alarm":     {"internal/sop", "internal/store", "workflow"},
	"internal/config":    {"internal/sop", "parser", "workflow"},
	"internal/setup":     {},
	"internal/checkup":   {"internal/alarm", "internal/config", "internal/directory", "internal/mailauth", "internal/mailer", "internal/sop", "templates", "workflow"},
	"internal/api":       {"internal/blob", "internal/life", "internal/proof", "internal/record", "internal/report", "internal/seal", "internal/sop", "internal/store", "smtpd", "workflow"},
	"internal/proof":     {"internal/blob", "internal/record", "internal/seal", "internal/sop", "internal/store", "workflow"},
	"internal/archive":   {"internal/blob", "internal/durable", "internal/store"},
	"internal/life":      {"internal/archive", "internal/blob", "internal/proof", "internal/record", "internal/seal", "internal/sop", "internal/store", "workflow"},
	"internal/show":      {"internal/api", "internal/report"},
	"internal/demo":      {"internal/sop", "smtpd"},
	"internal/gateway": {"internal/blob", "internal/compose", "internal/config", "internal/directory", "internal/mailauth", "internal/mailer", "internal/record", "internal/report", "internal/seal",
		"internal/sop", "internal/store", "internal/thread", "parser", "smtpd", "templates", "workflow"},
}

// pure packages do no I/O and know no clock and no chance: what they may not import, and what of time they may not call.
var (
	pure       = []string{"parser", "workflow"}
	impure     = []string{"crypto/rand", "log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "net/smtp", "os", "os/exec", "os/signal", "syscall", "time/tzdata"}
	clockCalls = []string{"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"}
)

const module = "helpost"

// source is a package of this module: its files, and what its code and its tests import.
type source struct {
	files          []string
	imports, tests []string
}

// sources reads the imports of every package. It reads the files itself, so that a cached result knows of a change.
func sources(t *testing.T) map[string]*source {
	t.Helper()
	all := map[string]*source{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && path != ".." && (name == "testdata" || name[0] == '.' || name[0] == '_') {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel("..", filepath.Dir(path))
		name = filepath.ToSlash(name)
		if all[name] == nil {
			all[name] = &source{}
		}
		for _, i := range file.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if strings.HasSuffix(path, "_test.go") {
				all[name].tests = append(all[name].tests, imported)
			} else {
				all[name].imports = append(all[name].imports, imported)
			}
		}
		if !strings.HasSuffix(path, "_test.go") {
			all[name].files = append(all[name].files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// rule finds the key of mayImport that holds for a package.
func rule(name string) (string, bool) {
	for ; name != "."; name = filepath.ToSlash(filepath.Dir(name)) {
		if _, ok := mayImport[name]; ok {
			return name, true
		}
	}
	return "", false
}

func TestEveryPackageKnowsOnlyWhatItMay(t *testing.T) {
	seen := map[string]bool{}
	for name, p := range sources(t) {
		if strings.HasPrefix(name, "cmd/") || name == "internal" || strings.HasPrefix(name, "test") {
			continue // they may know all
		}
		if filepath.Base(name) == "util" || filepath.Base(name) == "utils" || filepath.Base(name) == "common" {
			t.Errorf("%s: a package is named for what it holds", name)
		}
		mine, ok := rule(name)
		if !ok {
			t.Errorf("%s has no rule: say in mayImport what it may import", name)
			continue
		}
		seen[mine] = true
		for _, i := range p.imports {
			other, ours := strings.CutPrefix(i, module+"/")
			if theirs, _ := rule(other); ours && theirs != mine && !slices.Contains(mayImport[mine], theirs) {
				t.Errorf("%s imports %s, which it may not know", name, other)
			}
		}
		for _, i := range slices.Concat(p.imports, p.tests) {
			if i == module+"/internal/gateway" && name != "internal/gateway" {
				t.Errorf("%s imports the gateway: name the small interface that it needs instead", name)
			}
		}
		if mine == "smtpd" || mine == "parser" || mine == "workflow" || mine == "templates" {
			for _, i := range p.tests {
				if other, ours := strings.CutPrefix(i, module+"/"); ours && other != "internal/sop" && other != mine {
					t.Errorf("%s imports %s in its tests; it must be possible to read it alone", name, other)
				}
			}
		}
	}
	for name := range mayImport {
		if !seen[name] {
			t.Errorf("there is no package %s: take its rule out of mayImport", name)
		}
	}
}

func TestPurePackagesDoNoIOAndKnowNoClock(t *testing.T) {
	for name, p := range sources(t) {
		if !slices.Contains(pure, name) {
			continue
		}
		for _, i := range p.imports {
			if slices.Contains(impure, i) {
				t.Errorf("%s imports %s", name, i)
			}
		}
		for _, file := range p.files {
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clockCalls, s.Sel.Name) {
					t.Errorf("%s calls time.%s", set.Position(s.Pos()), s.Sel.Name)
				}
				return true
			})
		}
	}
}
