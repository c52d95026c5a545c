package activity

import "fmt"

// Collection is a collection, ordered or not, or one page of it.
type Collection struct {
	ID, Type string
	// TotalItems is what the owner claims. Never count with it.
	TotalItems int
	Items      []Ref
	// First and Next are addresses of pages. Following them needs a bound.
	First, Next string
}

// ParseCollection reads a collection or a page; of a collection that embeds
// its first page it gives that page's items and next page. Items share memory
// with b.
func ParseCollection(b []byte) (*Collection, error) {
	v, err := document(b)
	if err != nil {
		return nil, err
	}
	c := &Collection{}
	var first value
	for name, m := range v.members() {
		if name == "first" {
			first = m
			continue
		}
		if err := c.read(name, m); err != nil {
			return nil, fmt.Errorf("%w: collection: %s: %w", ErrMalformed, name, err)
		}
	}
	c.First = first.id()
	if c.Items == nil && first.first() == '{' {
		for name, m := range first.members() {
			switch name {
			case "items", "orderedItems":
				c.Items = m.refs()
			case "next":
				c.Next = m.id()
			}
		}
	}
	switch c.Type {
	case TypeCollection, TypeCollectionPage, TypeOrderedCollection, TypeOrderedCollectionPage:
		return c, nil
	}
	return nil, fmt.Errorf("%w: %q is no collection", ErrMalformed, c.Type)
}

func (c *Collection) read(name string, v value) (err error) {
	switch name {
	case "id":
		c.ID, err = v.ownID()
	case "type":
		c.Type = v.typeName()
	case "totalItems":
		c.TotalItems = v.count()
	case "items", "orderedItems":
		if refs := v.refs(); refs != nil {
			c.Items = refs
		}
	case "next":
		c.Next = v.id()
	}
	return err
}
