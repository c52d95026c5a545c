package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// chaosTime is how long a short run disturbs the nodes, INSTAR_TEST_CHAOS how long a long one.
	chaosTime = 5 * time.Second
	// chaosPace is how often an agent writes: three nodes on two processors follow.
	chaosPace = 60 * time.Millisecond
	// convergeTime is how long nodes that see each other again may take.
	convergeTime = 3 * time.Minute
)

// isle is a node behind a strait.
type isle struct {
	*killed

	public string // its address for the others
	strait *strait
}

// TestNoAcknowledgedWriteIsLostAndNodesConverge has an agent on each of three
// nodes post, comment and vote in the submolts of all three, while each node is
// killed in turn, and then nodes are killed, frozen and cut off from each other
// by chance. Then each shows the same threads with the same votes, what was
// acknowledged is among it, and nothing twice.
func TestNoAcknowledgedWriteIsLostAndNodesConverge(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "instar")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	length, err := time.ParseDuration(cmp.Or(os.Getenv("INSTAR_TEST_CHAOS"), chaosTime.String()))
	if err != nil {
		t.Fatalf("INSTAR_TEST_CHAOS: %v", err)
	}
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			isles := newIsles(t, binary, database)
			sworn := newOath()
			stop := make(chan struct{})
			var load sync.WaitGroup
			seed := uint64(time.Now().UnixNano())
			for i, k := range isles {
				w := &writer{isle: k, isles: isles, sworn: sworn, dice: rand.New(rand.NewPCG(seed, uint64(i+1)))}
				load.Go(func() { w.run(stop) })
			}
			dice := rand.New(rand.NewPCG(seed, 0))
			killInTurn(isles, sworn, dice)
			deeds := disturb(isles, length, dice)
			<-time.After(time.Second)
			close(stop)
			load.Wait()
			took := converge(t, isles, sworn)
			t.Logf("%v, %d posts and comments, %d votes acknowledged, the same everywhere after %v (seed %d)",
				deeds, len(sworn.writings), len(sworn.votes), took.Round(time.Second/10), seed)
			for _, k := range isles {
				k.kill()
			}
		})
	}
}

// newIsles starts three nodes, each with an agent that reads the submolts of all.
func newIsles(t *testing.T, binary, database string) []*isle {
	t.Helper()
	isles := make([]*isle, 3)
	for i := range isles {
		public, err := freeAddress(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		k := &isle{killed: newKilled(t, binary, database), public: public}
		k.env = append(k.env, "INSTAR_BASE_URL=http://"+public)
		k.strait = newStrait(t, public, k.host)
		isles[i] = k
		k.start()
		k.register("agent" + strconv.Itoa(i))
	}
	for _, k := range isles {
		for _, other := range isles {
			k.eventually(t, "subscribe", func() error {
				if other == k {
					return nil
				}
				return k.ask(http.MethodPost, "/submolts/general@"+other.public+"/subscribe", nil, nil)
			})
		}
	}
	for _, k := range isles { // votes of before a subscription are told to nobody
		k.eventually(t, "see its subscribers", k.subscribed)
	}
	return isles
}

// subscribed says whether both other nodes subscribe to this one's submolt.
func (k *isle) subscribed() error {
	var count any
	err := k.ask(http.MethodGet, "/submolts/general", nil, func(answer map[string]any) {
		submolt, _ := answer["submolt"].(map[string]any)
		count = submolt["subscriber_count"]
	})
	if err == nil && count != 2.0 {
		err = fmt.Errorf("%v of 2 subscribers", count)
	}
	return err
}

func (k *isle) eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for tick := time.Tick(100 * time.Millisecond); ; <-tick {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s on %s: %v", what, k.public, err)
		}
	}
}

// general is the name of a node's submolt on this one.
func (k *isle) general(of *isle) string {
	if of == k {
		return "general"
	}
	return "general@" + of.public
}

// ask calls the API; found gets the answer.
func (k *isle) ask(method, path string, body any, found func(map[string]any)) error {
	status, answer, err := k.call(method, "/api/v1"+path, body)
	if err != nil {
		return err
	}
	if status/100 != 2 {
		return fmt.Errorf("%s %s: %d %v", method, path, status, answer["error"])
	}
	if found != nil {
		found(answer)
	}
	return nil
}

// killInTurn kills each node once while all are written to, and starts it again
// when the others have gone on without it.
func killInTurn(isles []*isle, sworn *oath, dice *rand.Rand) {
	for _, i := range dice.Perm(len(isles)) {
		sworn.more(3)
		isles[i].kill()
		sworn.more(3)
		isles[i].start()
	}
}

// disturb kills, freezes and cuts off nodes for a time, then mends all.
func disturb(isles []*isle, length time.Duration, dice *rand.Rand) map[string]int {
	deeds := map[string]int{}
	// In a short run each lasts a moment, so that there are several.
	most := min(8*time.Second, length/4)
	someTime := func() time.Duration { return time.Duration(dice.Int64N(int64(most))) }
	for end := time.Now().Add(length); time.Now().Before(end); {
		<-time.After(someTime() / 4)
		one, other := isles[dice.IntN(len(isles))], isles[dice.IntN(len(isles))]
		how := []string{refuses, stalls}[dice.IntN(2)]
		switch deed := dice.IntN(5); deed {
		case 0:
			deeds["kills"]++
			one.kill()
			<-time.After(someTime())
			one.start()
		case 1:
			deeds["freezes"]++
			one.freeze(someTime())
		case 2:
			deeds["cuts"]++ // nobody reaches one, and one nobody
			for _, k := range isles {
				k.strait.shut(one.public, how)
				one.strait.shut(k.public, how)
			}
		case 3:
			deeds["rifts"]++ // two do not see each other
			one.strait.shut(other.public, how)
			other.strait.shut(one.public, how)
		default:
			deeds["one way"]++
			one.strait.shut(other.public, how)
		}
		if dice.IntN(2) == 0 { // else something else happens meanwhile
			<-time.After(someTime())
			for _, k := range isles {
				k.strait.heal()
			}
		}
	}
	for _, k := range isles {
		k.strait.heal()
	}
	return deeds
}

// oath is what the nodes acknowledged.
type oath struct {
	mu       sync.Mutex
	writings map[string]string         // what a post or comment says, by its uri; guarded by mu
	votes    map[string]map[string]int // of a target's uri, by voter; guarded by mu
	unsure   map[string]bool           // targets of votes that may have been taken; guarded by mu
}

func newOath() *oath {
	return &oath{writings: map[string]string{}, votes: map[string]map[string]int{}, unsure: map[string]bool{}}
}

// more waits until so many more posts and comments were acknowledged.
func (o *oath) more(count int) {
	written := func() int {
		o.mu.Lock()
		defer o.mu.Unlock()
		return len(o.writings)
	}
	want := written() + count
	for tick := time.Tick(5 * time.Millisecond); written() < want; {
		<-tick
	}
}

func (o *oath) wrote(uri, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writings[uri] = text
}

func (o *oath) voted(uri, voter string, vote int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.votes[uri] == nil {
		o.votes[uri] = map[string]int{}
	}
	o.votes[uri][voter] = vote
	if err != nil {
		o.unsure[uri] = true
	}
}

// writer is an agent that writes all the time.
type writer struct {
	*isle

	isles   []*isle
	sworn   *oath
	dice    *rand.Rand
	count   int
	targets []target // what it saw last
}

// target is a post or a comment, as its node knows it.
type target struct{ kind, id, uri, post string }

func (w *writer) run(stop <-chan struct{}) {
	pace := time.Tick(chaosPace)
	for {
		select {
		case <-stop:
			return
		case <-pace:
		}
		w.count++
		text := fmt.Sprintf("Number %d of %s", w.count, w.public)
		switch {
		case w.count%10 == 0 || len(w.targets) == 0:
			w.look()
			w.write("/posts", "post", text, map[string]any{
				"submolt_name": w.general(w.isles[w.dice.IntN(len(w.isles))]), "title": text, "content": "Kept.",
			})
		case w.count%2 == 0:
			at := w.targets[w.dice.IntN(len(w.targets))]
			body := map[string]any{"content": text}
			if at.kind == "comments" {
				body["parent_id"] = at.id
			}
			w.write("/posts/"+at.post+"/comments", "comment", text, body)
		default:
			w.vote(w.targets[w.dice.IntN(len(w.targets))])
		}
	}
}

func (w *writer) write(path, member, text string, body any) {
	_ = w.ask(http.MethodPost, path, body, func(answer map[string]any) { // what fails is no promise
		if made, _ := answer[member].(map[string]any); made != nil {
			w.sworn.wrote(made["uri"].(string), text)
		}
	})
}

func (w *writer) vote(at target) {
	vote := w.dice.IntN(3) - 1
	how := map[int]string{1: "/upvote", -1: "/downvote", 0: "/vote"}[vote]
	method := http.MethodPost
	if vote == 0 {
		method = http.MethodDelete
	}
	w.sworn.voted(at.uri, w.public, vote, w.ask(method, "/"+at.kind+"/"+at.id+how, nil, nil))
}

// look reads the newest posts of a submolt and one of their threads.
func (w *writer) look() {
	submolt := w.general(w.isles[w.dice.IntN(len(w.isles))])
	var found []target
	err := w.ask(http.MethodGet, "/submolts/"+submolt+"/feed?sort=new&limit=10", nil, func(answer map[string]any) {
		for _, p := range listOf(answer, "posts") {
			id := p["id"].(string)
			found = append(found, target{"posts", id, p["uri"].(string), id})
		}
	})
	if err != nil || len(found) == 0 {
		return
	}
	post := found[w.dice.IntN(len(found))].id
	_ = w.ask(http.MethodGet, "/posts/"+post+"/comments?sort=new", nil, func(answer map[string]any) {
		for _, c := range listOf(answer, "comments") {
			found = append(found, target{"comments", c["id"].(string), c["uri"].(string), post})
		}
	})
	w.targets = found
}

func listOf(answer map[string]any, member string) []map[string]any {
	list, _ := answer[member].([]any)
	all := make([]map[string]any, len(list))
	for i, v := range list {
		all[i], _ = v.(map[string]any)
	}
	return all
}

// shown is what a node shows: of each post and comment, by its uri, whose
// answer it is, what it says and its votes.
type shown map[string]saying

type saying struct {
	parent, text     string
	up, down, within float64
}

func (s saying) String() string {
	return fmt.Sprintf("%q %+.0f %-.0f, %.0f below, to %s", s.text, s.up, s.down, s.within, s.parent)
}

var errTwice = errors.New("is shown twice")

// view reads all that a node shows of the three submolts.
func (k *isle) view(isles []*isle) (shown, error) {
	all := shown{}
	for _, of := range isles {
		for cursor := ""; ; {
			var posts []map[string]any
			var next string
			err := k.ask(http.MethodGet, "/submolts/"+k.general(of)+"/feed?sort=new&limit=50&cursor="+cursor, nil, func(answer map[string]any) {
				posts = listOf(answer, "posts")
				next, _ = answer["next_cursor"].(string)
			})
			if err != nil {
				return nil, err
			}
			for _, p := range posts {
				if err := errors.Join(all.add(p, of.public, "title", "comment_count"), k.thread(all, p)); err != nil {
					return nil, err
				}
			}
			if cursor = next; next == "" {
				break
			}
		}
	}
	return all, nil
}

// thread reads a post's comments.
func (k *isle) thread(all shown, post map[string]any) error {
	for cursor := ""; ; {
		var comments []map[string]any
		var next string
		err := k.ask(http.MethodGet, "/posts/"+post["id"].(string)+"/comments?sort=old&limit=100&cursor="+cursor, nil, func(answer map[string]any) {
			comments = listOf(answer, "comments")
			next, _ = answer["next_cursor"].(string)
		})
		if err == nil {
			err = all.addAll(comments, post["uri"].(string))
		}
		if cursor = next; err != nil || next == "" {
			return err
		}
	}
}

func (s shown) addAll(comments []map[string]any, parent string) error {
	for _, c := range comments {
		if err := errors.Join(s.add(c, parent, "content", "reply_count"), s.addAll(listOf(c, "replies"), c["uri"].(string))); err != nil {
			return err
		}
	}
	return nil
}

func (s shown) add(thing map[string]any, parent, text, below string) error {
	uri := thing["uri"].(string)
	if _, twice := s[uri]; twice {
		return fmt.Errorf("%s %w", uri, errTwice)
	}
	one := saying{parent: parent}
	one.text, _ = thing[text].(string)
	one.up, _ = thing["upvotes"].(float64)
	one.down, _ = thing["downvotes"].(float64)
	one.within, _ = thing[below].(float64)
	s[uri] = one
	return nil
}

// converge waits until all nodes show the same and what they promised.
func converge(t *testing.T, isles []*isle, sworn *oath) time.Duration {
	t.Helper()
	start := time.Now()
	var last []string
	for tick := time.Tick(500 * time.Millisecond); time.Since(start) < convergeTime; <-tick {
		views := make([]shown, len(isles))
		errs := make([]error, len(isles))
		var all sync.WaitGroup
		for i, k := range isles {
			all.Go(func() { views[i], errs[i] = k.view(isles) })
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			last = []string{err.Error()}
			continue
		}
		last = nil
		for i, k := range isles {
			last = append(last, differences(isles[0].public, views[0], k.public, views[i])...)
		}
		if len(last) > 0 {
			continue
		}
		if broken := sworn.broken(views[0]); len(broken) > 0 {
			last = broken
			continue
		}
		return time.Since(start)
	}
	t.Errorf("%d differences after %v, of them:\n%s", len(last), convergeTime, strings.Join(last[:min(len(last), 20)], "\n"))
	return convergeTime
}

func differences(nameA string, a shown, nameB string, b shown) []string {
	var found []string
	uris := maps.Clone(a)
	maps.Copy(uris, b)
	for uri := range uris {
		inA, okA := a[uri]
		inB, okB := b[uri]
		switch {
		case !okA:
			found = append(found, fmt.Sprintf("%s is on %s alone: %v", uri, nameB, inB))
		case !okB:
			found = append(found, fmt.Sprintf("%s is on %s alone: %v", uri, nameA, inA))
		case inA != inB:
			found = append(found, fmt.Sprintf("%s on %s: %v, on %s: %v", uri, nameA, inA, nameB, inB))
		}
	}
	slices.Sort(found)
	return found
}

// broken lists what was acknowledged and is not shown, or is shown twice.
func (o *oath) broken(s shown) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []string
	for uri, text := range o.writings {
		if s[uri].text != text {
			found = append(found, fmt.Sprintf("%s (%q) is lost", uri, text))
		}
	}
	texts := map[string]string{}
	for uri, one := range s {
		if other := texts[one.text]; other != "" {
			found = append(found, fmt.Sprintf("%q is there as %s and as %s", one.text, uri, other))
		}
		texts[one.text] = uri
	}
	for uri, votes := range o.votes {
		var up, down float64
		for _, v := range votes {
			switch v {
			case 1:
				up++
			case -1:
				down++
			}
		}
		one := s[uri]
		// Of what is unsure a vote more or less is right; what was not acknowledged may not be there.
		if one.text != "" && !o.unsure[uri] && (one.up != up || one.down != down) {
			found = append(found, fmt.Sprintf("%s has the votes +%.0f -%.0f, acknowledged are +%.0f -%.0f", uri, one.up, one.down, up, down))
		}
	}
	return found
}
