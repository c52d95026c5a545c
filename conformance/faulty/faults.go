package faulty

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"instar.example/conformance/peer"
	"instar.example/specs"
)

// Faults returns one fault, or more, for each check. The error is that of the
// identity table, whose rows each have a twin that answers the other way.
func Faults() ([]Fault, error) {
	rows, err := specs.IdentityTable()
	if err != nil {
		return nil, err
	}
	all := slices.Concat(
		webfingerFaults(), nodeinfoFaults(), actorFaults(), readingFaults(), objectFaults(),
		signatureFaults(), keyFaults(), messageFaults(), inboxFaults(), batchFaults(), followFaults(), announceFaults(), actFaults(), labelFaults(), mirrorFaults(), talkFaults(),
		traceFaults(), apiFaults(), shapeFaults(), agentFaults(), webFaults(), skillFaults(),
	)
	for _, row := range rows {
		if row.Surface == "cli" {
			continue // not seen from outside
		}
		all = append(all, Fault{Check: "humans/" + row.ID(), Name: "the other way", Row: row.ID()})
	}
	return all, nil
}

// The parts that faults are made of.

type match func(*http.Request) bool

func skip(check, name string, rules ...string) Fault {
	return Fault{Check: check, Name: name, Skip: rules}
}

func edit(check, name string, fits match, change func(*Answer)) Fault {
	return Fault{Check: check, Name: name, Edit: func(r *http.Request, a *Answer) {
		if fits(r) {
			change(a)
		}
	}}
}

// under fits requests to a path or below it.
func under(path string) match {
	return func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, path) }
}

// activityAt fits ActivityPub reads under a path.
func activityAt(path string) match {
	return func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, path) && wantsActivity(r) }
}

func exactly(path string) match {
	return func(r *http.Request) bool { return r.URL.Path == path }
}

func ending(suffix string) match {
	return func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, suffix) }
}

func method(name string, fits match) match {
	return func(r *http.Request) bool { return r.Method == name && fits(r) }
}

// resource fits WebFinger requests for some resources.
func resource(fits func(string) bool) match {
	return func(r *http.Request) bool {
		return r.URL.Path == "/.well-known/webfinger" && fits(r.URL.Query().Get("resource"))
	}
}

func signedWith(fits func(header string) bool) match {
	return func(r *http.Request) bool {
		return r.Method == http.MethodPost && r.Header.Get("Signature") != "" && fits(r.Header.Get("Signature"))
	}
}

func status(code int) func(*Answer) {
	return func(a *Answer) { a.Status = code }
}

// instead changes one status into another.
func instead(of, code int) func(*Answer) {
	return func(a *Answer) {
		if a.Status == of {
			a.Status = code
		}
	}
}

func contentType(value string) func(*Answer) {
	return func(a *Answer) { a.header.Set("Content-Type", value) }
}

func noHeader(name string) func(*Answer) {
	return func(a *Answer) { a.header.Del(name) }
}

func replace(before, after string) func(*Answer) {
	return func(a *Answer) { a.Body = bytes.ReplaceAll(a.Body, []byte(before), []byte(after)) }
}

// changed edits an answer that is a JSON object.
func changed(change func(doc map[string]any)) func(*Answer) {
	return func(a *Answer) {
		if doc, err := parse(a.Body); err == nil {
			change(doc)
			a.Body = encode(doc)
		}
	}
}

func set(member string, value any) func(*Answer) {
	return changed(func(doc map[string]any) { doc[member] = value })
}

func drop(member string) func(*Answer) {
	return changed(func(doc map[string]any) { delete(doc, member) })
}

// inside edits an object member of an answer.
func inside(member string, change func(doc map[string]any)) func(*Answer) {
	return changed(func(doc map[string]any) {
		if inner := peer.Object(doc, member); inner != nil {
			change(inner)
		}
	})
}

// each edits every entry of a list in an answer.
func each(member string, change func(doc map[string]any)) func(*Answer) {
	return changed(func(doc map[string]any) {
		for _, v := range peer.List(doc, member) {
			if entry, ok := v.(map[string]any); ok {
				change(entry)
			}
		}
	})
}

func put(member string, value any) func(map[string]any) {
	return func(doc map[string]any) { doc[member] = value }
}

func without(member string) func(map[string]any) {
	return func(doc map[string]any) { delete(doc, member) }
}

// sends changes deliveries of one type.
func sends(check, name, kind string, change func(d *Delivery, doc map[string]any)) Fault {
	return Fault{Check: check, Name: name, Send: func(d *Delivery) {
		if doc, err := parse(d.Body); err == nil && peer.Text(doc, "type") == kind {
			change(d, doc)
		}
	}}
}

func dropped(d *Delivery, _ map[string]any) { d.Dropped = true }

// rewritten changes the document of a delivery and signs what it becomes.
func rewritten(change func(doc map[string]any)) func(*Delivery, map[string]any) {
	return func(d *Delivery, doc map[string]any) {
		change(doc)
		d.Body = encode(doc)
		d.Signing.Digest = peer.Digest(d.Body)
	}
}

// holding changes deliveries whose innermost object is of one type.
func holding(kind string, change func(*Delivery, map[string]any)) func(*Delivery, map[string]any) {
	return func(d *Delivery, doc map[string]any) {
		if peer.Text(peer.Object(peer.Object(doc, "object"), "object"), "type") == kind {
			change(d, doc)
		}
	}
}

func foreignKey(d *Delivery, _ map[string]any) { d.Signing.KeyID += "-other" }

func bareString(member string) func(map[string]any) {
	return func(doc map[string]any) {
		if list := peer.List(doc, member); len(list) > 0 {
			doc[member] = list[0]
		}
	}
}

// reversed turns a list around.
func reversed(member string) func(map[string]any) {
	return func(doc map[string]any) { slices.Reverse(peer.List(doc, member)) }
}

// number is a value that JSON knows and integers do not.
const number = json.Number("0.5")
