package faulty

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"instar.example/conformance/peer"
)

const maxDepth = 32

var errJSON = errors.New("refused JSON")

// document parses an activity, strictly.
func (s *Server) document(raw []byte) (map[string]any, *refusal) {
	if !utf8.Valid(raw) && s.rule("utf-8") {
		return nil, refuse(http.StatusBadRequest, "invalid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if err := s.value(dec, 0); err != nil {
		return nil, refuse(http.StatusBadRequest, err.Error())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) && s.rule("one-document") {
		return nil, refuse(http.StatusBadRequest, "more than one document")
	}
	var doc map[string]any
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&doc); err != nil {
		return nil, refuse(http.StatusBadRequest, err.Error())
	}
	for _, member := range []string{"id", "type", "actor"} {
		if peer.Text(doc, member) == "" && s.rule("has-"+member) {
			return nil, refuse(http.StatusBadRequest, "no "+member)
		}
	}
	if o := origin(peer.Text(doc, "id")); o != lower(o) && s.rule("host-spelling") {
		return nil, refuse(http.StatusBadRequest, "another spelling of a host")
	}
	if _, plain := doc["actor"].(string); !plain && !s.rule("actor-object") {
		return nil, refuse(http.StatusBadRequest, "actor is an object")
	}
	if list := peer.List(doc, "object"); len(list) == 1 && s.rule("object-array") {
		doc["object"] = list[0]
	}
	return doc, nil
}

// value walks over one JSON value.
func (s *Server) value(dec *json.Decoder, depth int) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	delim, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth++; depth > maxDepth && s.rule("depth") {
		return errJSON
	}
	var keys []string
	for dec.More() {
		if delim == '{' {
			if keys, err = s.member(dec, keys); err != nil {
				return err
			}
		}
		if err := s.value(dec, depth); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

// member reads a key and refuses it where it must not stand.
func (s *Server) member(dec *json.Decoder, keys []string) ([]string, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	key, _ := token.(string)
	if strings.HasPrefix(key, "@") && key != "@context" && s.rule("keyword:"+key) {
		return nil, errJSON
	}
	if slices.Contains(keys, key) && s.rule("duplicate-key") {
		return nil, errJSON
	}
	for _, k := range keys {
		if k != key && strings.EqualFold(k, key) && s.rule("duplicate-key-case") {
			return nil, errJSON
		}
	}
	return append(keys, key), nil
}

func (s *Server) readComment(w http.ResponseWriter, r *http.Request) {
	c := s.findComment(r.PathValue("id"))
	if c == nil {
		s.fail(w, r, http.StatusNotFound, "No such comment")
		return
	}
	s.answer(w, http.StatusOK, map[string]any{"comment": s.commentJSON(c)})
}
