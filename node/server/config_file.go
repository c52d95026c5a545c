package server

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// readTOML sets what the file says. Its errors name the file and the line.
// Keys are compared exactly: the library alone would also take other cases.
func (l *loader) readTOML(path string, b []byte) error {
	r := fileReader{loader: l, path: path, fields: map[string]Field{}, tables: map[string]bool{}}
	for _, f := range Fields() {
		r.fields[f.Key] = f
		r.tables[f.table()] = true
	}
	root := map[string]toml.Primitive{}
	var err error
	if r.meta, err = toml.Decode(string(b), &root); err != nil {
		if pe, ok := errors.AsType[toml.ParseError](err); ok {
			// At the end of the file the library counts one line too few.
			return fmt.Errorf("%s: line %d: %s", path, max(1, pe.Position.Line), pe.Message)
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	r.table("", root)
	if r.fault != nil {
		return r.fault
	}
	return nil
}

// fileReader walks a parsed file and keeps the fault with the lowest line.
type fileReader struct {
	loader *loader
	path   string
	meta   toml.MetaData
	fields map[string]Field
	tables map[string]bool // the tables that hold fields, by key
	fault  error
	line   int // of fault
}

func (r *fileReader) table(prefix string, entries map[string]toml.Primitive) {
	for name, value := range entries {
		key := prefix + name
		f, known := r.fields[key]
		switch {
		case strings.Contains(name, "."): // a quoted key is no path
			r.unknown(key, value)
		case known && r.position(value).Line > 0: // else part of a longer key
			r.setting(f, value)
		case r.tables[key]:
			r.descend(key, value)
		default:
			r.unknown(key, value)
		}
	}
}

func (r *fileReader) setting(f Field, value toml.Primitive) {
	r.check(f.Key, value, func(data any) error {
		switch v := data.(type) {
		case bool:
			if f.Bool {
				return r.loader.set(f, strconv.FormatBool(v))
			}
		case int64:
			if f.Number {
				return r.loader.set(f, strconv.FormatInt(v, 10))
			}
		case string:
			if !f.Bool && (!f.Number || v == "") {
				return r.loader.set(f, v)
			}
		}
		switch {
		case f.Bool:
			return errNotBool
		case f.Number:
			return errNotNumber
		case f.Span:
			return errNotSpan
		}
		return errNotString
	})
}

func (r *fileReader) descend(key string, value toml.Primitive) {
	ok := r.check(key, value, func(data any) error {
		if _, isTable := data.(map[string]any); !isTable {
			return errors.New("is a table")
		}
		return nil
	})
	if !ok {
		return
	}
	entries := map[string]toml.Primitive{}
	if err := r.meta.PrimitiveDecode(value, &entries); err != nil {
		r.keep(0, fmt.Errorf("%s: %s: %w", r.path, key, err))
		return
	}
	r.table(key+".", entries)
}

var errUnknownKey = errors.New("unknown key (\"instar config describe\" lists the known ones)")

// unknown keeps the fault of a key that is none. A table that only stands in
// longer keys ("a" in "a.b = 1") has no line of its own: its entries tell it.
func (r *fileReader) unknown(key string, value toml.Primitive) {
	entries := map[string]toml.Primitive{}
	if r.position(value).Line == 0 && r.meta.PrimitiveDecode(value, &entries) == nil {
		for name, v := range entries {
			r.unknown(key+"."+name, v)
		}
		return
	}
	r.check(key, value, func(any) error { return errUnknownKey })
}

func (r *fileReader) position(value toml.Primitive) toml.Position {
	err := r.meta.PrimitiveDecode(value, unmarshal(func(any) error { return errUnknownKey }))
	pe, _ := errors.AsType[toml.ParseError](err)
	return pe.Position
}

// check calls f with the decoded value; an error gets the line of the key.
func (r *fileReader) check(key string, value toml.Primitive, f func(data any) error) bool {
	pe, bad := errors.AsType[toml.ParseError](r.meta.PrimitiveDecode(value, unmarshal(f)))
	if !bad {
		return true // the library wraps each error of f in a ParseError
	}
	r.keep(pe.Position.Line, fmt.Errorf("%s: line %d: %s: %s", r.path, pe.Position.Line, key, pe.Message))
	return false
}

func (r *fileReader) keep(line int, err error) {
	if r.fault == nil || line < r.line {
		r.fault, r.line = err, line
	}
}

// unmarshal makes a function a toml.Unmarshaler: the library adds the position
// to its error.
type unmarshal func(data any) error

// UnmarshalTOML calls the function.
func (f unmarshal) UnmarshalTOML(data any) error { return f(data) }
