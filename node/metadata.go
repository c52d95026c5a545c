package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// maxMetadataDepth bounds how deep an agent's metadata nests. It comes along in
// every list of agents, and the parsers of some clients give up on the whole
// answer at a depth of 128.
const maxMetadataDepth = 16

func badMetadata(what string) error { return invalid("bad_metadata", "metadata "+what, "") }

// metadata reads what an agent keeps in its profile and writes it anew, so that
// every client can read it: each key once, no half of a surrogate pair, no
// number that is too large for a double.
func metadata(raw json.RawMessage) (string, error) {
	badSize := badMetadata(fmt.Sprintf("must be a JSON object of at most %d bytes", MaxMetadata))
	if len(raw) > MaxMetadata {
		return "", badSize
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil || object == nil {
		return "", badSize
	}
	if err := checkMetadata(object, 1); err != nil {
		return "", err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(object); err != nil {
		return "", badSize
	}
	out := bytes.TrimSpace(b.Bytes())
	if len(out) > MaxMetadata {
		return "", badSize
	}
	return string(out), nil
}

// checkMetadata checks a value that stands at a depth, and what is in it.
func checkMetadata(v any, depth int) error {
	if depth > maxMetadataDepth {
		return badMetadata(fmt.Sprintf("nests deeper than %d levels", maxMetadataDepth))
	}
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			if _, err := plain("metadata", name, MaxMetadata); err != nil {
				return err
			}
			if err := checkMetadata(x, depth+1); err != nil {
				return err
			}
		}
	case []any:
		for _, x := range v {
			if err := checkMetadata(x, depth+1); err != nil {
				return err
			}
		}
	case string:
		_, err := plain("metadata", v, MaxMetadata)
		return err
	case json.Number:
		if _, err := strconv.ParseFloat(v.String(), 64); err != nil {
			return badMetadata("has a number that is too large")
		}
	}
	return nil
}
