package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxFile bounds every file that is read here.
const maxFile = 4 << 20

// Load reads a configuration and everything that it names. The error is of type Errors: all that is wrong, one a line.
func Load(path string) (*Config, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, Errors{{File: path, Text: "cannot be read: " + cause(err)}}
	}
	c, problems := parse(path, data)
	if len(problems) > 0 {
		return nil, Errors(sorted(problems))
	}
	return c, nil
}

// parse makes a configuration of a document, or says what is wrong with it.
func parse(path string, document []byte) (*Config, []Problem) {
	document = bytes.TrimPrefix(document, []byte("\ufeff"))
	var tree map[string]any
	if err := toml.Unmarshal(document, &tree); err != nil {
		return nil, []Problem{syntax(path, err)}
	}
	c := defaults(path)
	d := &decoder{file: path, at: locate(document)}
	d.table("", tree, reflect.ValueOf(c).Elem())
	k := &checker{Config: c, decoder: d}
	k.check()
	return c, d.problems
}

// syntax says where a document is no TOML.
func syntax(path string, err error) Problem {
	var bad *toml.DecodeError
	if !errors.As(err, &bad) {
		return Problem{File: path, Text: err.Error()}
	}
	line, column := bad.Position()
	return Problem{File: path, Line: line, Text: fmt.Sprintf("this is no sound TOML (column %d): %s", column, strings.TrimPrefix(bad.Error(), "toml: "))}
}

// readFile reads a file of bounded size.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("is larger than %d MB", maxFile>>20)
	}
	return data, err
}

// cause is the reason of a file error without the file's name, which stands beside it.
func cause(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// resolve gives the path of a file that helpost.toml names: relative to the folder of helpost.toml.
func (c *Config) resolve(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(c.Path), name)
}
