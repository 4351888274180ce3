package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"helpost/templates"
)

// noticesVerb renders every notice with invented data, so that who writes a template sees it.
type noticesVerb struct {
	Templates string `help:"Where your own templates lie; without it the built-in ones are shown." type:"path"`
	Dir       string `help:"The folder to write to." default:"notices" type:"path"`
}

func (v *noticesVerb) Run(_ context.Context, _ io.Reader, out, _ io.Writer) error {
	set, err := templates.Load(v.Templates)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(v.Dir, 0o750); err != nil {
		return err
	}
	samples := templates.Samples()
	var index strings.Builder
	index.WriteString("<!doctype html><meta charset=utf-8><title>Notices</title><ul>\n")
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		m, err := set.Render(samples[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for suffix, content := range map[string]string{".txt": m.Text, ".html": m.HTML} {
			if err := os.WriteFile(filepath.Join(v.Dir, name+suffix), []byte(content), 0o640); err != nil {
				return err
			}
		}
		fmt.Fprintf(&index, "<li><a href=%q>%s</a> (<a href=%q>text</a>)\n", name+".html", name, name+".txt")
	}
	page := filepath.Join(v.Dir, "index.html")
	if err := os.WriteFile(page, []byte(index.String()+"</ul>\n"), 0o640); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d notices, each as text and HTML; begin with %s\n", len(samples), page)
	return err
}
