package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"helpost/internal/mailauth"
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
	reader, err := v.reader(errOut)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	page := explainPage{out: out, colour: isTerminal(out)}
	var status error
	for i, file := range v.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		line := explainLine{File: file}
		raw, err := readMail(file, in)
		if err != nil {
			said := err.Error()
			line.Error, status = &said, exitFailed
		} else {
			line.Explained = reader.Explain(raw, v.As)
		}
		if v.JSON {
			err = lines.Encode(line)
		} else {
			err = page.write(line, i > 0)
		}
		if err != nil {
			return err
		}
	}
	return status
}

// reader makes the reader of mail that the configuration asks for.
func (v *explainVerb) reader(errOut io.Writer) (*parser.Parser, error) {
	if v.Config == "" {
		return parser.New(parser.Options{})
	}
	cfg, err := loadConfig(v.Config, errOut)
	if err != nil {
		return nil, err
	}
	tokens, err := mailauth.NewTokens(cfg.Tickets.Secrets)
	if err != nil {
		return nil, usageError{err}
	}
	return readerOf(cfg, tokens)
}

// readMail reads a mail of a file, or of standard input for "-".
func readMail(file string, in io.Reader) ([]byte, error) {
	if file != "-" {
		return os.ReadFile(file)
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return raw, nil
}
