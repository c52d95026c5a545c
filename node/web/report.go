package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"instar.example/node"
)

// The form of a report takes no account, no script and no cookie. It writes
// nothing that anybody but moderators reads, and nothing is kept of its sender.

// reportView is the form, filled in.
type reportView struct {
	About, Reason, Detail string
	Reasons               []reasonView
	Problem, ProblemLang  string // what is wrong with what was sent, or ""
}

// reasonView is one of the reasons, and what the reader calls it.
type reasonView struct{ Value, Label string }

// reportReasons are what one may report for; "other" needs words.
func reportReasons() []string {
	return []string{"spam", "scam", "harassment", "hate", "violence", "sexual content", "private information", "illegal", "written by a person", "other"}
}

// report is the empty form.
func (w *Web) report(_ context.Context, a ask) (answer, error) {
	return w.reportForm(a, reportView{About: a.query})
}

func (w *Web) reportForm(a ask, v reportView) (answer, error) {
	for _, reason := range reportReasons() {
		v.Reasons = append(v.Reasons, reasonView{reason, a.tongue.say("reason." + strings.ReplaceAll(reason, " ", "_"))})
	}
	return w.html(a, "report", frame{
		Title: a.tongue.say("report.title"), Description: a.tongue.say("report.description"), Path: "/report", NoIndex: true, Page: v,
	})
}

// sendReport takes the form.
func (w *Web) sendReport(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
	if !w.sameOrigin(r) || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") || r.ParseForm() != nil {
		w.refuse(rw, r)
		return
	}
	v := reportView{About: field(r, "about"), Reason: field(r, "reason"), Detail: field(r, "detail")}
	a := ask{path: r.URL.EscapedPath(), page: 1, tongue: w.tongueOf(r)}
	var err error
	if field(r, "website") == "" { // people do not see that field; who fills it in hears what everybody hears
		err = w.takeReport(r.Context(), r, v)
	}
	status := http.StatusOK
	var got answer
	if e, told := errors.AsType[*node.Error](err); told {
		v.Problem, v.ProblemLang = a.tongue.told(e.Detail)
		v.Problem += a.tongue.say("common.stop")
		status = describe(a.tongue, err).Status
		got, err = w.reportForm(a, v)
	} else if err == nil {
		got, err = w.html(a, "reported", frame{Title: a.tongue.say("reported.h1"), Path: "/report", NoIndex: true})
	}
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	h := rw.Header()
	secure(h)
	h.Set("Content-Language", a.tongue.code)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", got.mediaType)
	write(rw, r, status, got.body)
}

func field(r *http.Request, name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }

func (w *Web) takeReport(ctx context.Context, r *http.Request, v reportView) error {
	d, ok := w.reportTarget(v.About)
	if !ok {
		return &node.Error{Kind: node.Invalid, Code: "bad_address", Detail: "That is not the address of a post or comment of this node"}
	}
	known := false
	for _, reason := range reportReasons() {
		known = known || reason == v.Reason
	}
	if !known || (v.Reason == "other" && v.Detail == "") {
		return &node.Error{Kind: node.Invalid, Code: "missing_fields", Detail: "Please say what is wrong with it"}
	}
	d.Reason = strings.TrimSuffix(v.Reason+": "+v.Detail, ": ")
	return w.node.ReportByReader(ctx, address(r), d)
}

// reportTarget reads the address of a page of ours.
func (w *Web) reportTarget(about string) (node.ReportDraft, bool) {
	u, err := url.Parse(about)
	if err != nil || (u.Host != "" && !strings.EqualFold(u.Host, w.node.Host())) {
		return node.ReportDraft{}, false
	}
	kind, id, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if c, ok := strings.CutPrefix(u.Fragment, "c-"); ok && kind == "post" { // a comment in its thread
		kind, id = "comment", c
	}
	switch {
	case id == "" || strings.Contains(id, "/"):
		return node.ReportDraft{}, false
	case kind == "post":
		return node.ReportDraft{PostID: id}, true
	case kind == "comment":
		return node.ReportDraft{CommentID: id}, true
	}
	return node.ReportDraft{}, false
}

// address is the reader's own, for counting.
func address(r *http.Request) string { return node.AddressOf(r.RemoteAddr) }
