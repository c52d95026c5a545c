package server_test

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/signature"
	"instar.example/node/nodetest"
)

// What a name in a document of the collection stands for here.
const (
	ourSubmolt = "submolt" // m/general
	ourAgent   = "agent"   // ada
	ourPost    = "post"    // ada's, in m/general or in the Group of others
	ourComment = "comment" // ada's, below her post
)

// exchange is one document of another program, and what the node makes of it:
// the inbox's answer, and how what the node shows changes, when the actors are
// people and when they are agents.
type exchange struct {
	file   string
	ours   map[string]string // what its URLs stand for here; all others are other servers'
	group  string            // a Group of others that ada subscribes to and posted in
	passed bool              // comes as an Announce of the group
	first  []string          // what comes before
	asks   bool              // ada has asked the group, which has not answered
	again  bool              // what it deletes comes after it, and something new by the same author
	human  string
	agent  string
	whole  bool // texts are shown from beginning to end
}

// TestCorpusIsJudged: every document of the collection comes from servers of
// its own, signed, and its effect is what the table says.
func TestCorpusIsJudged(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("INSTAR_TEST_CORPUS")
	if dir == "" {
		t.Skip("INSTAR_TEST_CORPUS is not set")
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]exchange{}
	for _, x := range exchanges() {
		rows[x.file] = x
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		x, known := rows[filepath.ToSlash(name)]
		if !known {
			t.Errorf("%s is in no row", name)
			return nil
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for wireType, want := range map[string]string{"Person": x.human, "Service": cmp.Or(x.agent, x.human)} {
				if got := x.play(t, dir, key, wireType); got != want {
					t.Errorf("sent by a %s:\n\t%s\nwant\n\t%s", wireType, got, want)
				}
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// theatre is a node beside the servers of one document.
type theatre struct {
	*stage

	x     exchange
	dir   string
	kind  string // of actors
	key   *rsa.PrivateKey
	peers map[string]*peer // by the host that the document names
	names map[string]string
	here  map[string]string // what ours stand for
}

func (x exchange) play(t *testing.T, dir string, key *rsa.PrivateKey, kind string) string {
	t.Helper()
	n := nodetest.New(t)
	w := &theatre{stage: &stage{tb: t, node: n}, x: x, dir: dir, kind: kind, key: key, peers: map[string]*peer{}, names: map[string]string{}}
	w.ada, w.general = n.Agent("ada"), n.URL()+"/m/lab"
	w.ada.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab", "display_name": "Lab"}).Want(http.StatusCreated)
	into := "lab"
	if x.group != "" && !strings.Contains(x.file, "/collections/") {
		into = w.join(t)
	}
	post := w.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": into, "title": "By ada"}).Want(http.StatusCreated)
	comment := w.ada.Do(http.MethodPost, "/posts/"+post.String("post", "id")+"/comments", map[string]any{"content": "Ada again."}).Want(http.StatusCreated)
	w.here = map[string]string{
		ourSubmolt: w.general, ourAgent: n.URL() + "/u/ada", ourPost: post.String("post", "uri"), ourComment: n.URL() + "/comment/" + comment.String("comment", "id"),
	}
	nodetest.Settle(t, n)
	for _, file := range x.first {
		w.perform(t, file)
	}
	before := w.facts()
	status := w.perform(t, x.file)
	if x.again {
		w.writeAgain(t)
	}
	return strings.TrimSpace(status + " " + difference(before, w.facts()))
}

// join has ada subscribe to the Group of others, which accepts her.
func (w *theatre) join(t *testing.T) string {
	t.Helper()
	group := w.elsewhere(w.x.group)
	p := w.at(w.x.group)
	w.appear(group, "Group", nil)
	background(t, func() {
		w.ada.Do(http.MethodPost, "/submolts/"+w.nameOf(group)+"@"+p.host()+"/subscribe", nil)
	}, w.node)
	if !w.x.asks {
		w.deliver(p, group, doc{"id": p.fresh("accept"), "type": "Accept", "actor": group, "object": p.received("Follow", group)})
	}
	nodetest.Settle(t, w.node)
	if w.kind == "Person" {
		if _, err := w.node.Node.AllowCommunity(t.Context(), w.nameOf(group)+"@"+p.host()); err != nil {
			t.Fatal(err)
		}
	}
	return w.nameOf(group) + "@" + p.host()
}

func (w *theatre) nameOf(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// at is the server that stands for the host of a URL.
func (w *theatre) at(old string) *peer {
	u, err := url.Parse(old)
	if err != nil {
		w.tb.Fatal(err)
	}
	p, ok := w.peers[u.Host]
	if !ok {
		p = newPeer(w.tb)
		if w.kind == "Service" {
			p.agentsOnly()
		}
		p.handle("/.well-known/webfinger", func(rw http.ResponseWriter, r *http.Request) {
			name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Query().Get("resource"), "acct:"), "@")
			rw.Header().Set("Content-Type", "application/jrd+json")
			_ = json.NewEncoder(rw).Encode(doc{"links": []doc{{"rel": "self", "type": activity.ContentType, "href": w.names[p.URL+" "+strings.ToLower(name)]}}})
		})
		w.peers[u.Host] = p
	}
	return p
}

// elsewhere is the id that stands for one of a document.
func (w *theatre) elsewhere(old string) string {
	scheme, rest, _ := strings.Cut(old, "://")
	host, path, _ := strings.Cut(rest, "/")
	return w.at(scheme+"://"+host).URL + "/" + path
}

var (
	ends       = regexp.MustCompile(`"endTime": *"[^"]*"`)
	origins    = regexp.MustCompile(`https?://[a-zA-Z0-9._-]+(?::\d+)?`)
	vocabulary = regexp.MustCompile(`w3\.org|w3id\.org|purl\.org|schema\.org|joinmastodon|ostatus|litepub|join-lemmy|joinpeertube|smithereen`)
)

// stand puts this theatre's names in the place of those of a document.
func (w *theatre) stand(text string) string {
	olds := make([]string, 0, len(w.x.ours))
	for old := range w.x.ours {
		olds = append(olds, old)
	}
	slices.SortFunc(olds, func(a, b string) int { return len(b) - len(a) })
	for _, old := range olds {
		id := w.here[w.x.ours[old]]
		text = strings.NewReplacer(`"`+old+`"`, `"`+id+`"`, `"`+old+`/`, `"`+id+`/`, `"`+old+`\"`, `"`+id+`\"`).Replace(text)
	}
	if strings.Contains(text, `"Block"`) { // a ban that is over would prove nothing: it ends tomorrow
		text = ends.ReplaceAllString(text, `"endTime": "`+time.Now().Add(24*time.Hour).UTC().Format(time.RFC3339)+`"`)
	}
	return origins.ReplaceAllStringFunc(text, func(origin string) string {
		if vocabulary.MatchString(origin) || strings.HasPrefix(w.node.URL(), origin) {
			return origin
		}
		return w.at(origin).URL
	})
}

// appear has an actor or an object stand at its address.
func (w *theatre) appear(id, kind string, d doc) {
	p := w.byURL(id)
	if p == nil {
		return // ours
	}
	if d == nil {
		d = doc{"@context": namespace, "id": id, "type": kind, "preferredUsername": w.nameOf(id), "inbox": id + "/inbox", "outbox": id + "/outbox", "followers": id + "/followers"}
	}
	if _, is := d["inbox"]; is {
		d["publicKey"] = doc{"id": id + "#main-key", "owner": id, "publicKeyPem": publicPEM(w.tb, &w.key.PublicKey)}
		w.names[p.URL+" "+strings.ToLower(fmt.Sprint(d["preferredUsername"]))] = id
	}
	u, err := url.Parse(id)
	if err != nil {
		w.tb.Fatal(err)
	}
	p.handle(cmp.Or(u.Path, "/"), show(d))
}

func (w *theatre) byURL(id string) *peer {
	for _, p := range w.peers {
		if strings.HasPrefix(id, p.URL+"/") {
			return p
		}
	}
	return nil
}

// dress has all that a document embeds stand at its address, and the actors that
// it names.
func (w *theatre) dress(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			w.dress(item)
		}
	case map[string]any:
		if id, ok := v["id"].(string); ok && v["type"] != nil {
			w.appear(id, "", v)
		}
		for _, name := range []string{"object", "orderedItems", "items"} {
			w.dress(v[name])
		}
		for _, name := range []string{"actor", "attributedTo"} {
			if id := idIn(v[name]); id != "" && id != w.groupHere() && !strings.HasSuffix(id, "/moderators") {
				w.appear(id, w.kind, nil)
			}
		}
	}
}

// idIn is the id that a property is, or has inside.
func idIn(v any) string {
	switch m := v.(type) {
	case map[string]any:
		v = m["id"]
	case doc:
		v = m["id"]
	}
	id, _ := v.(string)
	return id
}

func (w *theatre) groupHere() string {
	if w.x.group == "" {
		return ""
	}
	return w.elsewhere(w.x.group)
}

func (w *theatre) read(file string) doc {
	b, err := os.ReadFile(filepath.Join(w.dir, filepath.FromSlash(file)))
	if err != nil {
		w.tb.Fatal(err)
	}
	var d doc
	if err := json.Unmarshal([]byte(w.stand(string(b))), &d); err != nil {
		w.tb.Fatal(err)
	}
	return d
}

// perform has a document come in the way of its kind and tells how it was received.
func (w *theatre) perform(t *testing.T, file string) string {
	t.Helper()
	d := w.read(file)
	id, _ := d["id"].(string)
	w.dress(map[string]any(d))
	switch {
	case strings.Contains(file, "/collections/"):
		return w.collection(t, file, id)
	case d["inbox"] != nil:
		return w.lookUp(t, d)
	case d["actor"] == nil || d["object"] == nil:
		d = w.created(d)
	}
	by := idIn(d["actor"])
	p := w.byURL(by)
	if w.x.passed || p == nil {
		by = w.groupHere()
		p = w.byURL(by)
		d = doc{"@context": namespace, "id": p.fresh("announce"), "type": "Announce", "actor": by, "to": []string{activity.Public}, "object": d}
	}
	status := w.deliver(p, by, d)
	nodetest.Settle(t, w.node)
	return status
}

// writeAgain has the author of a deletion write what it deleted, which comes too
// late, and something new, which does not.
func (w *theatre) writeAgain(t *testing.T) {
	t.Helper()
	d := w.read(w.x.file)
	if d["actor"] == nil {
		d = w.created(d)
	}
	by, gone := idIn(d["actor"]), idIn(d["object"])
	w.appear(by, w.kind, nil)
	for id, text := range map[string]string{gone: "Deleted before", gone + "/new": "Never deleted"} {
		n := doc{"id": id, "type": "Note", "attributedTo": by, "inReplyTo": w.here[ourPost], "content": text, "to": []string{activity.Public}, "cc": []string{}}
		w.deliver(w.byURL(by), by, doc{"@context": namespace, "id": id + "/again", "type": "Create", "actor": by, "to": n["to"], "object": n})
	}
	nodetest.Settle(t, w.node)
}

// created is the activity that an object comes with.
func (w *theatre) created(o doc) doc {
	wireType, by := "Create", o["attributedTo"]
	if o["type"] == "Tombstone" {
		wireType, by = "Delete", w.byURL(o["id"].(string)).URL+"/u/author"
		w.appear(by.(string), w.kind, nil)
	}
	if list, ok := by.([]any); ok {
		by = list[0]
	}
	return doc{"@context": o["@context"], "id": o["id"].(string) + "/act", "type": wireType, "actor": by, "to": o["to"], "cc": o["cc"], "object": o}
}

func (w *theatre) deliver(p *peer, by string, d doc) string {
	body, err := json.Marshal(d)
	if err != nil {
		w.tb.Fatal(err)
	}
	a := p.deliver(w.node, letter{key: signature.Key{ID: by + "#main-key", Private: w.key}, body: body})
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, a.reason))
}

// lookUp has ada look at an actor.
func (w *theatre) lookUp(t *testing.T, d doc) string {
	t.Helper()
	id, _ := d["id"].(string)
	if d["type"] == "Person" || d["type"] == "Organization" {
		d["type"] = w.kind
	}
	w.appear(id, "", d)
	var r nodetest.Reply
	var follow nodetest.Reply
	name := fmt.Sprintf("%v@%s", d["preferredUsername"], w.byURL(id).host())
	if d["type"] == "Group" {
		background(t, func() { r = w.ada.Do(http.MethodGet, "/submolts/"+name, nil) }, w.node)
		return oneLine("%d %v: %.60v", r.Status, r.Value("submolt", "display_name"), r.Value("submolt", "description"))
	}
	background(t, func() { follow = w.ada.Do(http.MethodPost, "/agents/"+name+"/follow", nil) }, w.node)
	r = w.ada.Do(http.MethodGet, "/agents/profile?name="+name, nil)
	return oneLine("%d %v: %.60v; follow %d %v", r.Status, r.Value("agent", "display_name"), r.Value("agent", "description"), follow.Status, follow.Value("status"))
}

func oneLine(format string, args ...any) string {
	return strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
}

// collection has a Group or an actor have a collection when ada follows it.
func (w *theatre) collection(t *testing.T, file, id string) string {
	t.Helper()
	owner, last := id[:strings.LastIndexByte(id, '/')], w.nameOf(id)
	owner = strings.TrimSuffix(owner, "/collections")
	p := w.byURL(id)
	path := "/submolts/"
	d := doc{"@context": namespace, "id": owner, "type": "Group", "preferredUsername": w.nameOf(owner), "inbox": owner + "/inbox", "outbox": owner + "/outbox", "followers": owner + "/followers", "featured": owner + "/featured"}
	if strings.Contains(owner, "/u") {
		d["type"], path = w.kind, "/agents/"
	}
	d[last] = id
	if last == "moderators" {
		d["attributedTo"] = id
	}
	w.appear(owner, "", d)
	w.dressActors(t, file)
	name := w.nameOf(owner) + "@" + p.host()
	background(t, func() {
		verb := "/subscribe"
		if path == "/agents/" {
			verb = "/follow"
		}
		w.ada.Do(http.MethodPost, path+name+verb, nil)
	}, w.node)
	status := w.deliver(p, owner, doc{"id": p.fresh("accept"), "type": "Accept", "actor": owner, "object": p.received("Follow", owner)})
	nodetest.Settle(t, w.node)
	return status
}

// dressActors has those stand whom a list of names names.
func (w *theatre) dressActors(t *testing.T, file string) {
	t.Helper()
	items, _ := w.read(file)["orderedItems"].([]any)
	for _, item := range items {
		if id, ok := item.(string); ok && strings.Contains(id, "/u/") {
			w.appear(id, w.kind, nil)
		}
	}
}

// facts are what the node shows, a line each, without the servers' addresses.
func (w *theatre) facts() []string {
	w.tb.Helper()
	var all []string
	add := func(format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		for host, p := range w.peers {
			line = strings.ReplaceAll(line, p.host(), host)
		}
		all = append(all, oneLine("%s", line))
	}
	for _, p := range w.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&limit=100", nil).Want(http.StatusOK).List("posts") {
		add("post %.24q by %v in %v score %v%s%s%s url %v", p["title"], name(p["author"]), name(p["submolt"]), p["score"],
			flag(p, "is_pinned"), flag(p, "is_locked"), flag(p, "is_nsfw"), p["url"])
		add("text of %.24q: %s", p["title"], w.text(p["content"]))
		w.branch(add, "", w.node.Call("", http.MethodGet, "/api/v1/posts/"+p["id"].(string)+"/comments", nil).List("comments"))
	}
	for _, path := range []string{"/agents/ada/followers", "/agents/ada/following"} {
		for _, a := range w.node.Call("", http.MethodGet, "/api/v1"+path, nil).List(path[strings.LastIndexByte(path, '/')+1:]) {
			add("%s %v", path, a["name"])
		}
	}
	group := "lab"
	if w.x.group != "" {
		group = w.nameOf(w.x.group) + "@" + w.at(w.x.group).host()
	}
	s := w.node.Call("", http.MethodGet, "/api/v1/submolts/"+group, nil)
	if s.Status == http.StatusOK {
		add("submolt %v: %.30q, %v subscribers", s.Value("submolt", "display_name"), s.Value("submolt", "description"), s.Value("submolt", "subscriber_count"))
	}
	if w.x.asks {
		add("ada's subscription is %v", w.ada.Do(http.MethodPost, "/submolts/"+group+"/subscribe", nil).Value("status"))
	}
	for _, m := range w.node.Call("", http.MethodGet, "/api/v1/submolts/"+group+"/moderators", nil).List("moderators") {
		add("moderator %v", m["name"])
	}
	for _, e := range w.node.Call("", http.MethodGet, "/api/v1/modlog", nil).List("actions") {
		add("modlog %v of %v %v: %v", e["action"], e["target_type"], name(e["agent"]), e["reason"])
	}
	for _, r := range w.ada.Do(http.MethodGet, "/notifications?limit=100", nil).List("notifications") {
		add("notice %v", r["type"])
	}
	for _, r := range w.ada.Do(http.MethodGet, "/agents/dm/requests", nil).List("requests") {
		add("letter asked %v", name(r["from"]))
	}
	for _, r := range w.ada.Do(http.MethodGet, "/submolts/lab/reports", nil).List("reports") {
		add("report of a %v: %.40v", r["target_type"], r["reason"])
	}
	return all
}

func (w *theatre) branch(add func(string, ...any), under string, list []map[string]any) {
	for _, c := range list {
		add("comment%s %s by %v score %v%s", under, w.text(c["content"]), name(c["author"]), c["score"], flag(c, "is_locked")+flag(c, "is_nsfw"))
		var replies []map[string]any
		for _, r := range c["replies"].([]any) {
			replies = append(replies, r.(map[string]any))
		}
		w.branch(add, under+" below", replies)
	}
}

// What agents get of a text besides its words.
var markup = []struct {
	name string
	is   *regexp.Regexp
}{
	{"picture", regexp.MustCompile(`!\[\]\(`)},
	{"picture described", regexp.MustCompile(`!\[[^\]]+\]\(`)},
	{"link", regexp.MustCompile(`(?:^|[^!])\[[^\]]+\]\(`)},
	{"address", regexp.MustCompile(`(?:^|\s)https?://\S+`)},
	{"item", regexp.MustCompile(`(?m)^(?:> )?(?:- |\d+\. )\S`)},
	{"quoted line", regexp.MustCompile(`(?m)^> `)},
	{"heading", regexp.MustCompile(`(?m)^#+ `)},
	{"emphasis", regexp.MustCompile(`\*\*\S[^*]*\*\*|(?:^|\s)\*\S[^*]*\*`)},
	{"code", regexp.MustCompile("`[^`]+`")},
}

// text is a text as agents get it: whole where the document is ours, else its
// first words and what is beside words in it.
func (w *theatre) text(content any) string {
	s, _ := content.(string)
	if w.x.whole {
		return fmt.Sprintf("%q", s)
	}
	var has []string
	for _, m := range markup {
		if n := len(m.is.FindAllString(s, -1)); n > 0 {
			has = append(has, fmt.Sprintf("%d %s", n, m.name))
		}
	}
	if has == nil {
		return fmt.Sprintf("%.40q", s)
	}
	return fmt.Sprintf("%.40q with %s", s, strings.Join(has, ", "))
}

func name(v any) any {
	if m, ok := v.(map[string]any); ok {
		return m["name"]
	}
	return v
}

func flag(m map[string]any, name string) string {
	if m[name] == true {
		return " " + name
	}
	return ""
}

// difference is what was added and what is gone.
func difference(before, after []string) string {
	var d []string
	for _, line := range after {
		if !slices.Contains(before, line) {
			d = append(d, "+"+line)
		}
	}
	for _, line := range before {
		if !slices.Contains(after, line) {
			d = append(d, "-"+line)
		}
	}
	return strings.Join(d, "; ")
}
