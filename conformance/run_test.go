package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/conformance"
	"instar.example/conformance/faulty"
)

func TestOptionsThatCannotRunAreRefused(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]conformance.Options{
		"no node":      {},
		"no scheme":    {Node: "node.example"},
		"other scheme": {Node: "ftp://node.example"},
		"a path":       {Node: "https://node.example/api"},
		"no group":     {Node: "http://127.0.0.1:1", Groups: []string{"juggling"}},
		"no check":     {Node: "http://127.0.0.1:1", Checks: []string{"discovery/juggling"}},
	} {
		if _, err := conformance.Run(t.Context(), o); !errors.Is(err, conformance.ErrOptions) {
			t.Errorf("%s: Run = %v, want ErrOptions", name, err)
		}
	}
}

func TestOnlyTheChosenGroupRuns(t *testing.T) {
	t.Parallel()
	done := 0
	report, err := judge(t.Context(), faulty.Fault{}, conformance.Options{
		Groups: []string{"follow"}, Done: func(conformance.Result) { done++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Results) == 0 || done != len(report.Results) {
		t.Errorf("%d results, %d of them told", len(report.Results), done)
	}
	for _, r := range report.Results {
		if r.Group != "follow" {
			t.Errorf("%s of group %s was run", r.Check, r.Group)
		}
	}
	outcomes := map[string]conformance.Outcome{}
	for _, c := range report.Clauses {
		outcomes[c.Clause] = c.Outcome
	}
	if outcomes["FOLLOW-1"] != conformance.Pass || outcomes["FETCH-2"] != conformance.NotChecked {
		t.Errorf("clauses are %v", outcomes)
	}
	if _, ok := outcomes["DISC-1"]; ok {
		t.Error("a clause of a group that did not run is in the report")
	}
}

func TestWhatANodeMayLackIsNotOffered(t *testing.T) {
	t.Parallel()
	lacks := faulty.Fault{Edit: func(r *http.Request, a *faulty.Answer) {
		if strings.HasSuffix(r.URL.Path, "/host-meta.json") {
			a.Status = http.StatusNotFound
		}
	}}
	report, err := judge(t.Context(), lacks, conformance.Options{Checks: []string{"discovery/host-meta-json"}})
	if err != nil {
		t.Fatal(err)
	}
	if report.Count(conformance.NotOffered) != 1 || !report.OK() {
		t.Errorf("results %+v, OK %v", report.Results, report.OK())
	}
}

// TestANodeWithoutLabelsDoesNotOfferThem: neither labels nor offices are asked of it.
func TestANodeWithoutLabelsDoesNotOfferThem(t *testing.T) {
	t.Parallel()
	lacks := faulty.Fault{Edit: func(_ *http.Request, a *faulty.Answer) {
		a.Body = bytes.ReplaceAll(a.Body, []byte(`"labels":"http`), []byte(`"none":"http`))
	}}
	wanted := []string{"acts/label-group", "acts/label-open", "acts/label-list", "acts/label-told", "acts/label-heard", "acts/office-won", "acts/office-lost"}
	report, err := judge(t.Context(), lacks, conformance.Options{Checks: wanted})
	if err != nil {
		t.Fatal(err)
	}
	if report.Count(conformance.NotOffered) != len(wanted) || !report.OK() {
		t.Errorf("results %+v, OK %v", report.Results, report.OK())
	}
}

func TestANodeThatIsAwayIsAnErrorNotAFailure(t *testing.T) {
	t.Parallel()
	report, err := conformance.Run(t.Context(), conformance.Options{
		Node: "http://127.0.0.1:1", Checks: []string{"discovery/host-meta"}, Timeout: forbearance,
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Count(conformance.Error) != 1 || report.OK() {
		t.Errorf("results %+v, OK %v", report.Results, report.OK())
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	report, err := judge(ctx, faulty.Fault{}, conformance.Options{
		Groups: []string{"discovery"}, Done: func(conformance.Result) { cancel() },
	})
	if !errors.Is(err, context.Canceled) || len(report.Results) != 1 {
		t.Errorf("Run = %v after %d results", err, len(report.Results))
	}
}

// sample is a report with every outcome.
func sample() conformance.Report {
	result := func(group, name string, o conformance.Outcome, detail string) conformance.Result {
		return conformance.Result{
			Check: group + "/" + name, Clause: "SIG-1", Group: group, Name: "a " + name,
			Outcome: o, Detail: detail, Took: 1500 * time.Millisecond,
		}
	}
	return conformance.Report{
		Node: "https://node.example", Took: 6 * time.Second,
		Results: []conformance.Result{
			result("signatures", "good", conformance.Pass, ""),
			result("signatures", "bad", conformance.Fail, `answered 202, want <401> & "no"`),
			result("inbox", "odd", conformance.NotOffered, "host-meta.json: not offered"),
			result("inbox", "lost", conformance.Error, "connection refused"),
		},
		Clauses: []conformance.ClauseResult{
			{Clause: "SIG-1", Level: "MUST", Text: "x", Outcome: conformance.Fail},
			{Clause: "FETCH-1", Level: "MUST NOT", Text: "y", Outcome: conformance.NotChecked},
		},
	}
}

func TestTextNamesWhatDidNotPass(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	if err := sample().Text(&text); err != nil {
		t.Fatal(err)
	}
	const want = `fail        [SIG-1] signatures/bad: a bad
    answered 202, want <401> & "no"
not_offered [SIG-1] inbox/odd: a odd
    host-meta.json: not offered
error       [SIG-1] inbox/lost: a lost
    connection refused
https://node.example: 4 checks: 1 pass, 1 fail, 1 not offered, 1 error; 2 clauses, 1 of them not checked (6s)
`
	if text.String() != want {
		t.Errorf("Text =\n%s\nwant\n%s", text.String(), want)
	}
}

func TestJSONReadsBack(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	if err := sample().JSON(&text); err != nil {
		t.Fatal(err)
	}
	var back conformance.Report
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Results) != 4 || back.Results[1] != sample().Results[1] || back.Clauses[1] != sample().Clauses[1] {
		t.Errorf("read back %+v", back)
	}
}

func TestJUnitCountsEachOutcome(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	if err := sample().JUnit(&text); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Suites []struct {
			Name     string `xml:"name,attr"`
			Tests    int    `xml:"tests,attr"`
			Failures int    `xml:"failures,attr"`
			Errors   int    `xml:"errors,attr"`
			Skipped  int    `xml:"skipped,attr"`
			Time     string `xml:"time,attr"`
			Cases    []struct {
				Class   string `xml:"classname,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(text.String()), &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Suites) != 2 {
		t.Fatalf("%d suites in %s", len(back.Suites), text.String())
	}
	first, second := back.Suites[0], back.Suites[1]
	if first.Name != "signatures" || first.Tests != 2 || first.Failures != 1 || first.Errors != 0 || first.Time != "3.000" {
		t.Errorf("first suite %+v", first)
	}
	if second.Name != "inbox" || second.Tests != 2 || second.Errors != 1 || second.Skipped != 1 || second.Failures != 0 {
		t.Errorf("second suite %+v", second)
	}
	if f := first.Cases[1].Failure; f == nil || f.Message != `answered 202, want <401> & "no"` || first.Cases[1].Class != "SIG-1" {
		t.Errorf("the failure is %+v", first.Cases[1])
	}
}
