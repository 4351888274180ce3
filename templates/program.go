package templates

import (
	"html/template"
	"io"
	"reflect"
	texttemplate "text/template"
	"text/template/parse"
)

// program is a template made ready to run. The template packages look up each field by its name and pack each value anew,
// every time. A program has looked them up at the start. It writes what the packages would write: of the layout it takes
// the tree that html/template has escaped.
//
// It knows what most templates are made of: values, if, with, range, not, and, or, and the methods of a view. A template
// with anything else is run by its package, as slowly as before.
type program struct {
	steps  []step
	origin executer // runs where there are no steps
}

type executer interface {
	Execute(w io.Writer, data any) error
}

// step appends to what is written; dot is the template's dot.
type step func(out []byte, dot reflect.Value) []byte

// run appends what the template makes of data: a pointer to the struct that it was made ready for.
func (p *program) run(out []byte, data any) ([]byte, error) {
	if p.steps == nil {
		a := appender{out}
		err := p.origin.Execute(&a, data)
		return a.out, err
	}
	return runAll(p.steps, out, reflect.ValueOf(data).Elem()), nil
}

func runAll(steps []step, out []byte, dot reflect.Value) []byte {
	for _, s := range steps {
		out = s(out, dot)
	}
	return out
}

type appender struct{ out []byte }

func (a *appender) Write(b []byte) (int, error) {
	a.out = append(a.out, b...)
	return len(b), nil
}

// linesProgram makes a template of lines ready; its dot is a view.
func linesProgram(t *texttemplate.Template) program {
	c := compiler{}
	return c.program(t, t.Tree, reflect.TypeFor[view]())
}

// layoutProgram makes the layout ready; its dot is a page.
func layoutProgram(t *template.Template) program {
	if err := t.Execute(io.Discard, &page{}); err != nil { // it escapes its tree the first time; Check finds what is wrong
		return program{origin: t}
	}
	c := compiler{html: true}
	return c.program(t, t.Tree, reflect.TypeFor[page]())
}

// compiler makes steps of a tree's nodes. At a node that it does not know it notes that, and goes on.
type compiler struct{ html, unknown bool }

func (c *compiler) program(t executer, tree *parse.Tree, dot reflect.Type) program {
	steps := c.steps(tree.Root, dot)
	if c.unknown {
		steps = nil
	}
	return program{steps, t}
}

func (c *compiler) steps(list *parse.ListNode, dot reflect.Type) []step {
	steps := []step{}
	if list == nil {
		return steps
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			text := string(n.Text)
			steps = append(steps, func(out []byte, _ reflect.Value) []byte { return append(out, text...) })
		case *parse.ActionNode:
			steps = append(steps, c.action(n.Pipe, dot))
		case *parse.IfNode:
			steps = append(steps, c.branch(&n.BranchNode, dot))
		case *parse.WithNode:
			steps = append(steps, c.with(&n.BranchNode, dot))
		case *parse.RangeNode:
			steps = append(steps, c.loop(&n.BranchNode, dot))
		default:
			c.unknown = true
		}
	}
	return steps
}

func (c *compiler) branch(n *parse.BranchNode, dot reflect.Type) step {
	holds, then, otherwise := c.condition(n.Pipe, dot), c.steps(n.List, dot), c.steps(n.ElseList, dot)
	return func(out []byte, dot reflect.Value) []byte {
		if holds(dot) {
			return runAll(then, out, dot)
		}
		return runAll(otherwise, out, dot)
	}
}

func (c *compiler) with(n *parse.BranchNode, dot reflect.Type) step {
	get, is := c.single(n.Pipe, dot)
	holds, then, otherwise := c.truth(is), c.steps(n.List, is), c.steps(n.ElseList, dot)
	return func(out []byte, dot reflect.Value) []byte {
		if v := get(dot); holds(v) {
			return runAll(then, out, v)
		}
		return runAll(otherwise, out, dot)
	}
}

func (c *compiler) loop(n *parse.BranchNode, dot reflect.Type) step {
	get, is := c.single(n.Pipe, dot)
	if is.Kind() != reflect.Slice {
		c.unknown = true
		return nil
	}
	each, otherwise := c.steps(n.List, is.Elem()), c.steps(n.ElseList, dot)
	return func(out []byte, dot reflect.Value) []byte {
		list := get(dot)
		for i := range list.Len() {
			out = runAll(each, out, list.Index(i))
		}
		if list.Len() == 0 {
			return runAll(otherwise, out, dot)
		}
		return out
	}
}

// action is a value with its escapers.
func (c *compiler) action(p *parse.PipeNode, dot reflect.Type) step {
	if len(p.Decl) > 0 || len(p.Cmds[0].Args) != 1 {
		c.unknown = true
		return nil
	}
	get, is := c.value(p.Cmds[0].Args[0], dot)
	escapers := ""
	for _, cmd := range p.Cmds[1:] {
		escapers += "|" + cmd.String()
	}
	write := c.written(escapers, is)
	return func(out []byte, dot reflect.Value) []byte { return write(out, get(dot)) }
}

type getter func(dot reflect.Value) reflect.Value

// single is the value of a pipeline that is no more than one.
func (c *compiler) single(p *parse.PipeNode, dot reflect.Type) (getter, reflect.Type) {
	if len(p.Decl) > 0 || len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 1 {
		c.unknown = true
		return nil, dot
	}
	return c.value(p.Cmds[0].Args[0], dot)
}

// value is dot, or a field of it.
func (c *compiler) value(n parse.Node, dot reflect.Type) (getter, reflect.Type) {
	switch n := n.(type) {
	case *parse.DotNode:
		return func(dot reflect.Value) reflect.Value { return dot }, dot
	case *parse.FieldNode:
		if dot.Kind() == reflect.Struct && len(n.Ident) == 1 {
			if f, found := dot.FieldByName(n.Ident[0]); found && f.IsExported() {
				path := f.Index
				return func(dot reflect.Value) reflect.Value { return dot.FieldByIndex(path) }, f.Type
			}
		}
	}
	c.unknown = true
	return nil, dot
}

type condition func(dot reflect.Value) bool

// condition is what decides an if.
func (c *compiler) condition(p *parse.PipeNode, dot reflect.Type) condition {
	if len(p.Decl) > 0 || len(p.Cmds) != 1 {
		c.unknown = true
		return nil
	}
	first, rest := p.Cmds[0].Args[0], p.Cmds[0].Args[1:]
	switch word, is := first.(*parse.IdentifierNode); {
	case is:
		return c.logic(word.Ident, rest, dot)
	case len(rest) > 0:
		return c.method(first, rest, dot)
	}
	return c.operand(first, dot)
}

func (c *compiler) operand(n parse.Node, dot reflect.Type) condition {
	if p, is := n.(*parse.PipeNode); is {
		return c.condition(p, dot)
	}
	get, is := c.value(n, dot)
	holds := c.truth(is)
	return func(dot reflect.Value) bool { return holds(get(dot)) }
}

// logic is not, and, or.
func (c *compiler) logic(word string, args []parse.Node, dot reflect.Type) condition {
	var of []condition
	for _, n := range args {
		of = append(of, c.operand(n, dot))
	}
	one := func(is bool) condition { // one of them holds, or does not
		return func(dot reflect.Value) bool {
			for _, holds := range of {
				if holds(dot) == is {
					return true
				}
			}
			return false
		}
	}
	switch {
	case word == "not" && len(of) == 1:
		return one(false)
	case word == "or" && len(of) > 0:
		return one(true)
	case word == "and" && len(of) > 0:
		fails := one(false)
		return func(dot reflect.Value) bool { return !fails(dot) }
	}
	c.unknown = true
	return nil
}

// method is a question to the view: .Is "note".
func (c *compiler) method(n parse.Node, args []parse.Node, dot reflect.Type) condition {
	field, is := n.(*parse.FieldNode)
	var words []string
	for _, a := range args {
		if s, is := a.(*parse.StringNode); is {
			words = append(words, s.Text)
		}
	}
	if is && dot == reflect.TypeFor[view]() && len(field.Ident) == 1 && len(words) == len(args) {
		switch name := field.Ident[0]; {
		case name == "Is" && len(words) == 1:
			return func(dot reflect.Value) bool { return dot.Addr().Interface().(*view).Is(words[0]) }
		case name == "Asks" && len(words) == 1:
			return func(dot reflect.Value) bool { return dot.Addr().Interface().(*view).Asks(words[0]) }
		case name == "In":
			return func(dot reflect.Value) bool { return dot.Addr().Interface().(*view).In(words...) }
		}
	}
	c.unknown = true
	return nil
}

// truth is what an if makes of a value.
func (c *compiler) truth(t reflect.Type) condition {
	switch t.Kind() {
	case reflect.String, reflect.Slice:
		return func(v reflect.Value) bool { return v.Len() > 0 }
	case reflect.Bool:
		return reflect.Value.Bool
	case reflect.Int:
		return func(v reflect.Value) bool { return v.Int() != 0 }
	}
	c.unknown = true
	return nil
}
