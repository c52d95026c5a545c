package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"instar.example/federation/activity"
	"instar.example/federation/discover"
	"instar.example/federation/fetch"
	"instar.example/node"
)

// Bounds of looking after owners.
const (
	claimsAtOnce = 8
	mailsAtOnce  = 4
	dnsTimeout   = 5 * time.Second
	mailLease    = 2 * time.Minute // longer than a letter may take
)

// errNotPublished says that a code is not published where it should be.
var errNotPublished = errors.New("the code is not there yet")

// Prove looks for the codes that owners said they would publish, and returns
// how many claims it took up.
func (w *Worker) Prove(ctx context.Context) (int, error) {
	proofs, err := w.cfg.Node.LeaseProofs(ctx, w.cfg.Owner, lease, claimsAtOnce)
	if err != nil {
		return 0, err
	}
	var all sync.WaitGroup
	for _, p := range proofs {
		all.Go(func() {
			if err := w.prove(ctx, p); err != nil && ctx.Err() == nil {
				w.cfg.Log.LogAttrs(ctx, slog.LevelError, "look for a claim's code", slog.String("method", p.Method), slog.Any("error", err))
			}
		})
	}
	all.Wait()
	return len(proofs), nil
}

func (w *Worker) prove(ctx context.Context, p node.Proof) error {
	identity, err := w.published(ctx, p)
	if err != nil {
		return w.cfg.Node.Unproven(ctx, p, short(err))
	}
	return w.cfg.Node.Proven(ctx, p, identity)
}

// published looks for a claim's code and returns what its owner has shown to
// control. The code makes it theirs: an old link to the agent says nothing of
// who began this claim.
func (w *Worker) published(ctx context.Context, p node.Proof) (identity string, err error) {
	switch p.Method {
	case node.MethodDNS:
		return "domain:" + p.Subject, w.inDNS(ctx, p)
	case node.MethodRelMe:
		return "domain:" + p.Subject, w.onFrontPage(ctx, p)
	case node.MethodFediverse:
		return w.inProfile(ctx, p)
	default:
		return "", fmt.Errorf("no way to look for %s", p.Method)
	}
}

// inDNS looks for the TXT record of a domain.
func (w *Worker) inDNS(ctx context.Context, p node.Proof) error {
	ctx, cancel := context.WithTimeout(ctx, dnsTimeout)
	defer cancel()
	records, err := w.cfg.LookupTXT(ctx, node.DNSName(p.Subject))
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		return errNotPublished
	}
	if err != nil {
		return fmt.Errorf("ask for %s: %w", node.DNSName(p.Subject), err)
	}
	if !slices.Contains(records, node.DNSValue(p.Code)) {
		return errNotPublished
	}
	return nil
}

// onFrontPage looks for a rel=me link on a domain's own front page.
func (w *Worker) onFrontPage(ctx context.Context, p node.Proof) error {
	address := "https://" + p.Subject + "/"
	if w.cfg.PlainHTTP && strings.Contains(p.Subject, ":") {
		address = "http://" + p.Subject + "/"
	}
	doc, err := w.cfg.Fetch.JSON(ctx, address, "text/html")
	if err != nil {
		return err
	}
	if !fetch.SameOrigin(doc.URL, address) {
		return fmt.Errorf("the front page leads to another host: %.100s", doc.URL)
	}
	if !linksMe(doc.Body, p.LinkURL()) {
		return errNotPublished
	}
	return nil
}

// linksMe says whether a page links to an address as the same person (rel=me).
// It is parsed, not searched: an address in a comment or a script links nothing.
func linksMe(page []byte, to string) bool {
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return false
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if (t.DataAtom == atom.A || t.DataAtom == atom.Link) && hasRelMe(t.Attr, to) {
				return true
			}
		case html.TextToken, html.EndTagToken, html.CommentToken, html.DoctypeToken:
		}
	}
}

func hasRelMe(attrs []html.Attribute, to string) bool {
	var rel, href string
	for _, a := range attrs {
		switch a.Key {
		case "rel":
			rel = a.Val
		case "href":
			href = strings.TrimSpace(a.Val)
		}
	}
	return href == to && slices.Contains(strings.Fields(strings.ToLower(rel)), "me")
}

// inProfile looks for the code in the profile of an account elsewhere: in the
// actor's own document, from its own server.
func (w *Worker) inProfile(ctx context.Context, p node.Proof) (string, error) {
	name, host, _ := strings.Cut(p.Subject, "@")
	uri, err := discover.WebFinger(ctx, w.cfg.Fetch, discover.Handle{Name: name, Host: host})
	if err != nil {
		return "", err
	}
	a, err := w.actorAt(ctx, uri)
	if err != nil {
		return "", err
	}
	switch {
	case node.HostOf(a.ID) == w.cfg.Node.Host():
		return "", errors.New("an account of this node owns nothing")
	case a.Type != activity.TypePerson && a.Type != activity.TypeOrganization:
		return "", errors.New("an owner is a person or an organization")
	case !bytes.Contains(a.Raw, []byte(p.Code)):
		return "", errNotPublished
	}
	return "fediverse:" + a.ID, nil
}

// Mail sends letters to owners and returns how many it took up.
func (w *Worker) Mail(ctx context.Context) (int, error) {
	mails, err := w.cfg.Node.LeaseMails(ctx, w.cfg.Owner, mailLease, mailsAtOnce)
	if err != nil {
		return 0, err
	}
	var all sync.WaitGroup
	for _, m := range mails {
		all.Go(func() {
			if err := w.send(ctx, m); err != nil && ctx.Err() == nil {
				w.cfg.Log.LogAttrs(ctx, slog.LevelError, "send a letter to an owner", slog.Any("error", err))
			}
		})
	}
	all.Wait()
	return len(mails), nil
}

// send hands a letter on. One to nobody is thrown away: it was asked for by
// somebody who tried an address.
func (w *Worker) send(ctx context.Context, m node.Mail) error {
	if m.To == "" {
		return w.cfg.Node.MailSent(ctx, m)
	}
	if err := w.cfg.Send(ctx, m); err != nil {
		return errors.Join(err, w.cfg.Node.MailFailed(ctx, m))
	}
	return w.cfg.Node.MailSent(ctx, m)
}
