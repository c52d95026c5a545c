package activity

import (
	"encoding/json"
	"strings"
)

// Option is an answer that a Question offers.
type Option struct {
	Name  string
	Votes int // as its server counted them; 0 also where it does not say
}

// options reads oneOf and anyOf: the votes of each are its replies.
func (v value) options() []Option {
	var list []Option
	for item := range v.items() {
		o := Option{Name: item.member("name").text()}
		if o.Name == "" {
			continue
		}
		n := item.member("replies").member("totalItems")
		if err := json.Unmarshal(n, &o.Votes); err != nil || o.Votes < 0 {
			o.Votes = 0
		}
		list = append(list, o)
	}
	return list
}

// place reads the place of an Event: a text, a Place with a name and perhaps an
// address, or a virtual one with a url.
func (v value) place() string {
	for item := range v.items() {
		if s := item.text(); s != "" {
			return s
		}
		parts := []string{item.member("name").text()}
		if address := item.member("address"); address.text() != "" {
			parts = append(parts, address.text())
		} else {
			for _, name := range []string{"streetAddress", "postalCode", "addressLocality", "addressCountry"} {
				parts = append(parts, address.member(name).text())
			}
		}
		if parts = append(parts, item.member("url").url()); strings.Join(parts, "") != "" {
			return joined(parts)
		}
	}
	return ""
}

// joined has the parts that say something, once each.
func joined(parts []string) string {
	var said []string
	for _, part := range parts {
		if part != "" && (len(said) == 0 || said[len(said)-1] != part) {
			said = append(said, part)
		}
	}
	return strings.Join(said, ", ")
}
