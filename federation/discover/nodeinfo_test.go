package discover_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"instar.example/federation/discover"
	"instar.example/federation/fetch"
)

// members fails unless value is an object that has all the required members
// and, besides them, only the optional ones, as the schemas of NodeInfo ask
// with "additionalProperties": false.
func members(value any, required, optional string) (map[string]any, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%v is no object", value)
	}
	for name := range strings.FieldsSeq(required) {
		if _, ok := object[name]; !ok {
			return nil, fmt.Errorf("%v has no %s", value, name)
		}
	}
	for name := range object {
		if !slices.Contains(strings.Fields(required+" "+optional), name) {
			return nil, fmt.Errorf("%v has a member %s", value, name)
		}
	}
	return object, nil
}

func counts(object map[string]any, names string) error {
	for name, value := range object {
		n, ok := value.(float64)
		if slices.Contains(strings.Fields(names), name) && (!ok || n < 0 || n != float64(int(n))) {
			return fmt.Errorf("%s is %v", name, value)
		}
	}
	return nil
}

func among(value any, allowed string) error {
	list, ok := value.([]any)
	if !ok {
		return fmt.Errorf("%v is no list", value)
	}
	for _, item := range list {
		if name, ok := item.(string); !ok || !slices.Contains(strings.Fields(allowed), name) {
			return fmt.Errorf("%v is not allowed", item)
		}
	}
	return nil
}

// valid restates the schemas of NodeInfo 2.0 and 2.1, and [DISC-13].
func valid(version string, b []byte) error {
	var doc any
	if err := json.Unmarshal(b, &doc); err != nil {
		return err
	}
	root, err := members(doc, "version software protocols services openRegistrations usage metadata", "")
	if err != nil {
		return err
	}
	optional := map[string]string{"2.0": "", "2.1": "repository homepage"}[version]
	software, err1 := members(root["software"], "name version", optional)
	services, err2 := members(root["services"], "inbound outbound", "")
	usage, err3 := members(root["usage"], "users", "localPosts localComments")
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	users, err := members(usage["users"], "", "total activeHalfyear activeMonth")
	name, _ := software["name"].(string)
	switch _, isBool := root["openRegistrations"].(bool); {
	case err != nil:
		return err
	case root["version"] != version:
		return fmt.Errorf("version %v", root["version"])
	case !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(name):
		return fmt.Errorf("software.name %q", name)
	case !isBool:
		return fmt.Errorf("openRegistrations %v", root["openRegistrations"])
	case reflect.DeepEqual(root["protocols"], []any{}):
		return errors.New("no protocols")
	}
	for _, value := range software {
		if _, ok := value.(string); !ok {
			return fmt.Errorf("software %v", software)
		}
	}
	metadata, ok := root["metadata"].(map[string]any)
	if !ok {
		return fmt.Errorf("metadata %v", root["metadata"])
	}
	for _, value := range metadata {
		if _, ok := value.(string); !ok {
			return fmt.Errorf("metadata %v", metadata)
		}
	}
	return errors.Join(
		among(root["protocols"], "activitypub buddycloud dfrn diaspora libertree ostatus pumpio tent xmpp zot"),
		among(services["inbound"], "atom1.0 gnusocial imap pnut pop3 pumpio rss2.0 twitter"),
		among(services["outbound"], "atom1.0 blogger buddycloud diaspora dreamwidth drupal facebook friendica gnusocial google insanejournal "+
			"libertree linkedin livejournal mediagoblin myspace pinterest pnut posterous pumpio redmatrix rss2.0 smtp tent tumblr twitter wordpress xmpp"),
		counts(users, "total activeHalfyear activeMonth"), counts(usage, "localPosts localComments"))
}

func instar() discover.NodeInfo {
	return discover.NodeInfo{
		Software: discover.Software{
			Name: "instar", Version: "0.1.0", Repository: "https://code.example/instar", Homepage: "https://instar.example/",
		},
		Services: discover.Services{Outbound: []string{"atom1.0", "rss2.0"}},
		Usage:    discover.Usage{Users: discover.Users{Total: 12, ActiveMonth: 9, ActiveHalfyear: 12}, LocalPosts: 100, LocalComments: 900},
		Metadata: map[string]string{"nodeName": "B", "nodeDescription": "Agents write, humans read."},
	}
}

func TestNodeInfoDocumentFitsItsSchema(t *testing.T) {
	t.Parallel()
	bare := discover.NodeInfo{Software: discover.Software{Name: "instar", Version: "0"}}
	for _, version := range []string{discover.NodeInfo20, discover.NodeInfo21} {
		for _, n := range []discover.NodeInfo{instar(), bare} {
			b, err := discover.NodeInfoDocument(version, n)
			if err != nil {
				t.Fatal(err)
			}
			if err := valid(version, b); err != nil {
				t.Errorf("NodeInfo %s: %v in %s", version, err, b)
			}
			got, err := discover.ParseNodeInfo(b)
			if err != nil || got.Version != version || got.Usage != n.Usage || len(got.Metadata) != len(n.Metadata) {
				t.Errorf("ParseNodeInfo(%s) = %+v, %v", b, got, err)
			}
		}
	}
	// The check itself can fail.
	b, err := discover.NodeInfoDocument(discover.NodeInfo21, instar())
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"2.1"`, `"2.0"`},
		{"instar", "In Star"},
		{"activitypub", "http"},
		{"rss2.0", "carrier-pigeon"},
		{"false", `"no"`},
		{"12", "-1"},
		{"900", "1.5"},
		{`"inbound"`, `"in"`},
		{`"B"`, "{}"},
		{`"total"`, `"sum"`},
		{`"homepage"`, `"home"`},
		{`["activitypub"]`, "[]"},
	} {
		if err := valid("2.1", []byte(strings.Replace(string(b), change[0], change[1], 1))); err == nil {
			t.Errorf("valid takes %s for %s", change[1], change[0])
		}
	}
}

func TestNodeInfoDocumentRefuses(t *testing.T) {
	t.Parallel()
	negative, unnamed, odd := instar(), instar(), instar()
	negative.Usage.LocalPosts = -1
	unnamed.Software.Version = ""
	odd.Software.Name = "In Star"
	for name, c := range map[string]struct {
		version string
		n       discover.NodeInfo
	}{
		"another version": {"1.0", instar()}, "a negative count": {"2.1", negative}, "no version": {"2.1", unnamed}, "an odd name": {"2.0", odd},
	} {
		if b, err := discover.NodeInfoDocument(c.version, c.n); !errors.Is(err, discover.ErrMalformed) {
			t.Errorf("%s: %s, %v", name, b, err)
		}
	}
}

func TestNodeInfoLinks(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(discover.NodeInfoLinks("https://b.example"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"links":[` +
		`{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.1","href":"https://b.example/nodeinfo/2.1"},` +
		`{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"https://b.example/nodeinfo/2.0"},` +
		`{"rel":"https://www.w3.org/ns/activitystreams#Application","href":"https://b.example/"}]}`
	if string(b) != want {
		t.Errorf("NodeInfoLinks = %s, want %s", b, want)
	}
	if got, want := discover.NodeInfoType("2.0"), `application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.0#"`; got != want {
		t.Errorf("NodeInfoType = %s, want %s", got, want)
	}
}

func TestFetchNodeInfo(t *testing.T) {
	t.Parallel()
	links := func(entries ...string) string {
		var list []string
		for i := 0; i < len(entries); i += 2 {
			list = append(list, `{"rel":"http://nodeinfo.diaspora.software/ns/schema/`+entries[i]+`","href":"`+entries[i+1]+`"}`)
		}
		return `{"links":[` + strings.Join(list, ",") + `]}`
	}
	const doc = `{"version":"2.0","software":{"name":"Lemmy","version":"1.0.0"},"protocols":["activitypub"]}`
	for name, c := range map[string]struct {
		links, doc string
		want       error
	}{
		"2.0":                   {links("2.0", "http://{host}/ni"), doc, nil},
		"the newest":            {links("1.0", "http://{host}/x", "2.0", "http://{host}/x", "2.1", "http://{host}/ni"), doc, nil},
		"none":                  {links(), doc, discover.ErrMalformed},
		"1.0 only":              {links("1.0", "http://{host}/ni"), doc, discover.ErrMalformed},
		"on another host":       {links("2.0", "http://127.0.0.2/ni"), doc, discover.ErrMalformed},
		"data (CVE-2026-62857)": {links("2.0", "data:application/json,{}"), doc, discover.ErrMalformed},
		"missing":               {links("2.0", "http://{host}/none"), doc, fetch.ErrNotFound},
		"not JSON":              {links("2.0", "http://{host}/ni"), "<html>", discover.ErrMalformed},
		"links not JSON":        {"<html>", doc, discover.ErrMalformed},
	} {
		h := newHost(t, map[string]string{"/.well-known/nodeinfo": c.links, "/ni": c.doc})
		n, err := discover.FetchNodeInfo(t.Context(), client(t, nil), h.name())
		if !errors.Is(err, c.want) || c.want == nil && (err != nil || n.Software.Name != "lemmy" || n.Software.Version != "1.0.0") {
			t.Errorf("%s: FetchNodeInfo = %+v, %v; want %v", name, n, err, c.want)
		}
	}
}

func TestParseNodeInfoLeavesOutWhatIsOdd(t *testing.T) {
	t.Parallel()
	got, err := discover.ParseNodeInfo([]byte(`{"version":2,"software":{"name":"x","version":"` + strings.Repeat("1", 101) + `","homepage":"javascript:1",
		"repository":"https://code.example/x"},"protocols":{"inbound":[]},"services":7,"openRegistrations":"yes",
		"usage":{"users":{"total":"many","activeMonth":-3,"activeHalfyear":1e99},"localPosts":5,"localComments":1.5},
		"metadata":{"nodeName":"X","federation":{"enabled":true},"n":1,"long":"` + strings.Repeat("y", 1001) + `"}}`))
	want := discover.NodeInfo{
		Software: discover.Software{Name: "x", Repository: "https://code.example/x"},
		Usage:    discover.Usage{LocalPosts: 5}, Metadata: map[string]string{"nodeName": "X"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ParseNodeInfo = %+v, %v; want %+v", got, err, want)
	}
	for _, text := range []string{"", "null", "[]", "7", "{}", `{"software":7}`, `{"software":{"name":"a b"}}`, `{"software":{"name":["x"]}}`} {
		if got, err := discover.ParseNodeInfo([]byte(text)); !errors.Is(err, discover.ErrMalformed) {
			t.Errorf("ParseNodeInfo(%s) = %+v, %v; want ErrMalformed", text, got, err)
		}
	}
}

func FuzzNodeInfo(f *testing.F) {
	b, err := discover.NodeInfoDocument(discover.NodeInfo21, instar())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"software":{"name":"x"},"protocols":{"inbound":[]},"usage":{"users":{"total":-1}},"metadata":{"a":{}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := discover.ParseNodeInfo(b)
		if err != nil {
			return
		}
		if n.Software.Version == "" {
			n.Software.Version = "unknown"
		}
		n.Protocols = nil // a peer may name any; we write ours
		written, err := discover.NodeInfoDocument(discover.NodeInfo21, n)
		if err != nil {
			t.Fatalf("NodeInfoDocument(%+v) = %v", n, err)
		}
		if err := valid(discover.NodeInfo21, written); err != nil {
			t.Fatalf("%v in %s", err, written)
		}
	})
}
