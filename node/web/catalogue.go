package web

import (
	"embed"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

//go:embed words/*.toml
var wordFiles embed.FS

// catalogue holds every word that pages say of themselves, in one language.
// Texts are HTML; {name} in them stands for an argument.
type catalogue struct {
	code          string // a BCP 47 tag
	said          map[string]message
	months, short []string
	pages         func() (*template.Template, error) // read when they are first asked for
}

// message is a text, with another form for one thing where the language has one.
type message struct{ one, other string }

// newCatalogue reads the words of a language.
func newCatalogue(code string) (*catalogue, error) {
	body, err := wordFiles.ReadFile("words/" + code + ".toml")
	if err != nil {
		return nil, err
	}
	var sections map[string]map[string]any
	if err := toml.Unmarshal(body, &sections); err != nil {
		return nil, fmt.Errorf("read the words of %s: %w", code, err)
	}
	c := &catalogue{code: code, said: map[string]message{}}
	for section, words := range sections {
		for key, v := range words {
			switch v := v.(type) {
			case string:
				c.said[section+"."+key] = message{other: v}
			case map[string]any:
				one, _ := v["one"].(string)
				other, _ := v["other"].(string)
				c.said[section+"."+key] = message{one, other}
			}
		}
	}
	c.months, c.short = strings.Fields(c.say("time.months")), strings.Fields(c.say("time.months_short"))
	c.pages = sync.OnceValues(func() (*template.Template, error) { return parseTemplates(c) })
	return c, nil
}

// say is a text without markup; args are names and values. What nobody wrote
// says its own name.
func (c *catalogue) say(key string, args ...any) string {
	m, ok := c.said[key]
	if !ok {
		return key
	}
	return c.fill(m.other, args, func(s string) string { return s })
}

// markup is a text for a page; arguments are escaped unless they are markup.
func (c *catalogue) markup(key string, args ...any) template.HTML {
	return template.HTML(c.fill(c.said[key].other, args, template.HTMLEscapeString)) //nolint:gosec // a text of ours, its arguments escaped
}

// some is the form of a text for a number of things, which is its argument "n".
func (c *catalogue) some(key string, n any) template.HTML {
	m := c.said[key]
	text := m.other
	if i := number(n); m.one != "" && (i == 1 || i == -1) {
		text = m.one
	}
	return template.HTML(c.fill(text, []any{"n", n}, template.HTMLEscapeString)) //nolint:gosec // a text of ours and a number
}

// fill puts arguments into a text. An empty one takes the space before it along.
func (c *catalogue) fill(text string, args []any, escape func(string) string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			b.WriteString(before)
			return b.String()
		}
		value := c.argument(name, args, escape)
		if value == "" {
			before = strings.TrimSuffix(before, " ")
		}
		b.WriteString(before)
		b.WriteString(value)
		text = after
	}
}

// argument is the value of a name among arguments.
func (c *catalogue) argument(name string, args []any, escape func(string) string) string {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] != name {
			continue
		}
		switch v := args[i+1].(type) {
		case template.HTML:
			return string(v)
		case string:
			return escape(v)
		default:
			return c.count(number(v))
		}
	}
	return ""
}

// number is an integer of whatever size; 0 for what is none.
func number(v any) int64 {
	switch v := v.(type) {
	case int:
		return int64(v)
	case int64:
		return v
	default:
		return 0
	}
}

// count writes a number with its thousands apart, as the language has it.
func (c *catalogue) count(n int64) string {
	const narrow = "\u202f"
	apart, from := narrow, 4
	switch c.code {
	case "zh", "ja", "ko":
		apart = ","
	case "id":
		apart = "."
	case "es":
		from = 5 // four digits stand together
	}
	s := strconv.FormatInt(n, 10)
	digits := strings.TrimPrefix(s, "-")
	if len(digits) < from {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:len(s)-len(digits)])
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(apart)
		}
		b.WriteRune(d)
	}
	return b.String()
}
