package specs

import (
	"bytes"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document reads the OpenAPI document.
type document struct{ root *yaml.Node }

// at returns what stands at a path of names and numbers below a node, references
// followed; the zero node for nothing.
func (d document) at(n *yaml.Node, path ...string) *yaml.Node {
	n = d.follow(n)
	for _, step := range path {
		next := &yaml.Node{}
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == step {
					next = n.Content[i+1]
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(step); err == nil && i < len(n.Content) {
				next = n.Content[i]
			}
		default: // holds nothing
		}
		n = d.follow(next)
	}
	return n
}

// follow returns what a reference leads to, and any other node itself.
func (d document) follow(n *yaml.Node) *yaml.Node {
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 || n.Content[0].Value != "$ref" {
		return n
	}
	return d.at(d.root, strings.Split(strings.TrimPrefix(n.Content[1].Value, "#/"), "/")...)
}

func (d document) text(n *yaml.Node, path ...string) string { return d.at(n, path...).Value }

// keys are the names of a mapping.
func keys(n *yaml.Node) []string {
	var names []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		names = append(names, n.Content[i].Value)
	}
	return names
}

// call reads an operation of a path.
func (d document) call(item, op *yaml.Node) Call {
	c := Call{ID: d.text(op, "operationId"), Summary: d.text(op, "summary"), Description: d.text(op, "description"), Key: d.key(op)}
	for _, list := range []*yaml.Node{d.at(item, "parameters"), d.at(op, "parameters")} {
		for _, p := range list.Content {
			c.Params = append(c.Params, Field{
				Name: d.text(p, "name"), In: d.text(p, "in"), Description: d.text(p, "description"), Example: d.text(p, "example"),
				Required: d.text(p, "required") == "true",
			})
		}
	}
	content := d.at(op, "requestBody", "content")
	body := d.at(content, "application/json")
	if c.Form = body.IsZero() && !content.IsZero(); c.Form {
		body = d.at(content, "multipart/form-data")
	}
	c.Fields = d.fields(d.at(body, "schema"))
	if example := d.at(body, "example"); !example.IsZero() {
		var b bytes.Buffer
		if err := writeJSON(&b, example); err == nil {
			c.Example = b.String()
		}
	}
	responses := d.at(op, "responses")
	for _, status := range keys(responses) {
		if c.Status != "" && !strings.HasPrefix(status, "2") {
			c.Errors = append(c.Errors, status)
			continue
		}
		if c.Status == "" {
			c.Status, c.Answer = status, d.answer(d.at(responses, status, "content", "application/json", "schema"))
		}
	}
	return c
}

// key says whether a call needs a key.
func (d document) key(op *yaml.Node) string {
	security := d.at(op, "security").Content
	switch {
	case len(security) > 1:
		return "optional"
	case len(security) == 1 && len(security[0].Content) == 0:
		return "none"
	default:
		return "needed"
	}
}

func (d document) fields(schema *yaml.Node) []Field {
	var fields []Field
	required := map[string]bool{}
	for _, name := range d.at(schema, "required").Content {
		required[name.Value] = true
	}
	properties := d.at(schema, "properties")
	for _, name := range keys(properties) {
		fields = append(fields, Field{Name: name, Description: d.text(properties, name, "description"), Required: required[name]})
	}
	return fields
}

// answer lists the names of an answer: of several that may come, of the first.
func (d document) answer(schema *yaml.Node) []string {
	if one := d.at(schema, "oneOf", "0"); !one.IsZero() {
		schema = one
	}
	var names []string
	for _, name := range keys(d.at(schema, "properties")) {
		if name != "success" {
			names = append(names, name)
		}
	}
	return names
}
