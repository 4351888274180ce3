package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"helpost/parser"
)

// explainVerb shows what is read in mails: JSON Lines for programs, a page for people.
type explainVerb struct {
	JSON   bool     `name:"json" help:"One JSON object a mail, in the order of the arguments."`
	As     string   `enum:"report,validation,agent," default:"" help:"Read as a report, as an answer to a fix (validation) or as an agent's mail."`
	Config string   `type:"path" help:"helpost.toml; without it the helpdesk is helpdesk@company.com."`
	Files  []string `arg:"" name:"file" help:"Mails as files; - is standard input."`
}

// explainLine is one line of JSON: the file, and what is read in it.
type explainLine struct {
	File string `json:"file"`
	parser.Explained
}

// Run explains every file. One that cannot be read gets its line with the error, and the exit status is 1.
func (v *explainVerb) Run(ctx context.Context, in io.Reader, out, errOut io.Writer) error {
	p, err := readerFor(v.Config)
	if err != nil {
		return usageError{err}
	}
	var status error
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for _, file := range v.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, err := readMail(file, in)
		line := explainLine{File: file}
		if err != nil {
			said := err.Error()
			line.Error, status = &said, exitFailed
		} else {
			line.Explained = p.Explain(raw, v.As)
		}
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	return status
}

// readerFor returns the reader that the configuration asks for.
func readerFor(config string) (*parser.Parser, error) {
	return parser.New(parser.Options{})
}

func readMail(file string, in io.Reader) ([]byte, error) {
	if file == "-" {
		raw, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		return raw, nil
	}
	return os.ReadFile(file)
}
