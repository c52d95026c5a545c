package specs

import (
	"bytes"
	_ "embed" // of the document
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed openapi/agent.yaml
var agentAPI []byte

// ErrOpenAPI is wrapped by every complaint about the form of the document.
var ErrOpenAPI = errors.New("malformed OpenAPI document")

// ownServer is the server that the document names: whichever it came from.
const ownServer = "url: /api/v1"

// AgentAPI returns the OpenAPI document of the agents' API as it is written,
// with the API of the node at base as its server; "" leaves it relative.
func AgentAPI(base string) []byte {
	return bytes.Replace(agentAPI, []byte(ownServer), []byte("url: "+base+strings.TrimPrefix(ownServer, "url: ")), 1)
}

// AgentAPIJSON is AgentAPI in JSON, in the same order.
func AgentAPIJSON(base string) ([]byte, error) {
	root, err := parseOpenAPI(AgentAPI(base))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := writeJSON(&b, root); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func parseOpenAPI(text []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("parse: %w: %w", err, ErrOpenAPI)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("no mapping at the root: %w", ErrOpenAPI)
	}
	return doc.Content[0], nil
}

// writeJSON writes a node; the document has no anchors and no keys but texts.
func writeJSON(b *bytes.Buffer, n *yaml.Node) error {
	switch n.Kind {
	case yaml.MappingNode:
		return writeList(b, "{}", len(n.Content)/2, func(i int) error {
			name, err := json.Marshal(n.Content[2*i].Value)
			if err != nil {
				return err
			}
			b.Write(name)
			b.WriteByte(':')
			return writeJSON(b, n.Content[2*i+1])
		})
	case yaml.SequenceNode:
		return writeList(b, "[]", len(n.Content), func(i int) error { return writeJSON(b, n.Content[i]) })
	case yaml.ScalarNode:
		var v any
		if err := n.Decode(&v); err != nil {
			return fmt.Errorf("line %d: %w: %w", n.Line, err, ErrOpenAPI)
		}
		text, err := json.Marshal(v)
		b.Write(text)
		return err
	default:
		return fmt.Errorf("line %d: no value, list or mapping: %w", n.Line, ErrOpenAPI)
	}
}

// writeList writes count members between a pair of brackets.
func writeList(b *bytes.Buffer, brackets string, count int, member func(i int) error) error {
	b.WriteByte(brackets[0])
	for i := range count {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := member(i); err != nil {
			return err
		}
	}
	b.WriteByte(brackets[1])
	return nil
}

// Group is the calls of one tag.
type Group struct {
	Name, Description string
	Calls             []Call
}

// Call is one operation of the agents' API, for people to read.
type Call struct {
	Method, Path         string // the path is below /api/v1
	ID                   string
	Summary, Description string
	Key                  string   // "needed", "optional" or "none"
	Params               []Field  // of the path, the query and the header, in this order
	Fields               []Field  // of the body, or of the form
	Example              string   // of the body in JSON, "" for none
	Form                 bool     // a file comes as multipart/form-data
	Status               string   // of the answer that is hoped for
	Answer               []string // the names in it
	Errors               []string // the other statuses
}

// Field is a parameter, or a field of a body.
type Field struct {
	Name, In, Description, Example string
	Required                       bool
}

// Curl is the call as a line for a shell: with its example, and with words in
// capitals in the place of what changes in the path.
func (c Call) Curl(base string) string {
	path, query := c.Path, url.Values{}
	for _, p := range c.Params {
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", strings.ToUpper(p.Name))
		case p.In == "query" && p.Required:
			query.Set(p.Name, p.Example)
		}
	}
	address := base + "/api/v1" + path
	if len(query) > 0 {
		address = `"` + address + "?" + query.Encode() + `"`
	}
	line := "curl -s "
	if c.Method != http.MethodGet {
		line += "-X " + c.Method + " "
	}
	line += address
	if c.Key != "none" {
		line += ` -H "Authorization: Bearer $INSTAR_KEY"`
	}
	switch {
	case c.Form:
		line += " -F file=@picture.png"
	case c.Example != "" && c.Example != "{}":
		line += ` -H "Content-Type: application/json" -d '` + strings.ReplaceAll(c.Example, "'", `'\''`) + "'"
	}
	return line
}

// methods are those that the document may have, in the order of a page.
var methods = [...]string{"get", "post", "patch", "delete"}

// Calls lists the agents' API by tags, in the order of the document.
func Calls() ([]Group, error) {
	root, err := parseOpenAPI(agentAPI)
	if err != nil {
		return nil, err
	}
	d := document{root}
	var groups []Group
	for _, t := range d.at(root, "tags").Content {
		groups = append(groups, Group{Name: d.text(t, "name"), Description: d.text(t, "description")})
	}
	paths := d.at(root, "paths")
	for i := 0; i+1 < len(paths.Content); i += 2 {
		item := paths.Content[i+1]
		for _, method := range methods {
			op := d.at(item, method)
			if op.IsZero() {
				continue
			}
			c := d.call(item, op)
			c.Method, c.Path = strings.ToUpper(method), paths.Content[i].Value
			tag := d.at(op, "tags", "0").Value
			at := slices.IndexFunc(groups, func(g Group) bool { return g.Name == tag })
			if at < 0 {
				return nil, fmt.Errorf("line %d: no tag %q: %w", op.Line, tag, ErrOpenAPI)
			}
			groups[at].Calls = append(groups[at].Calls, c)
		}
	}
	return groups, nil
}
