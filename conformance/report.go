package conformance

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"time"

	"instar.example/specs"
)

// Outcome is how a check, or a clause, ended.
type Outcome string

// A check passes, fails, is not offered by the node, or could not be carried
// out. A clause that has no check is not checked.
const (
	Pass       Outcome = "pass"
	Fail       Outcome = "fail"
	NotOffered Outcome = "not_offered"
	Error      Outcome = "error"
	NotChecked Outcome = "not_checked"
)

// Result is the outcome of one check.
type Result struct {
	Check   string        `json:"check"`
	Clause  string        `json:"clause"`
	Group   string        `json:"group"`
	Name    string        `json:"name"`
	Outcome Outcome       `json:"outcome"`
	Detail  string        `json:"detail,omitempty"`
	Took    time.Duration `json:"took_ns"`
}

// ClauseResult sums up the checks of one clause: the worst of them stands.
type ClauseResult struct {
	Clause  string  `json:"clause"`
	Level   string  `json:"level"`
	Text    string  `json:"text"`
	Outcome Outcome `json:"outcome"`
}

// Report is what a run found. Its clauses are those that a check of the run
// cites, and those that no check can judge.
type Report struct {
	Node    string         `json:"node"`
	Begun   time.Time      `json:"begun"`
	Took    time.Duration  `json:"took_ns"`
	Results []Result       `json:"results"`
	Clauses []ClauseResult `json:"clauses"`
}

// Count returns how many checks ended so.
func (r Report) Count(o Outcome) int {
	n := 0
	for _, result := range r.Results {
		if result.Outcome == o {
			n++
		}
	}
	return n
}

// OK reports whether no check failed and every check could be carried out.
func (r Report) OK() bool { return r.Count(Fail) == 0 && r.Count(Error) == 0 }

// worse orders outcomes: a clause is as its worst check.
func worse(a, b Outcome) Outcome {
	order := map[Outcome]int{Pass: 1, NotOffered: 2, Error: 3, Fail: 4}
	if order[b] > order[a] {
		return b
	}
	return a
}

func (r *Report) byClause(clauses []specs.Clause) {
	worst := map[string]Outcome{}
	for _, result := range r.Results {
		worst[result.Clause] = worse(worst[result.Clause], result.Outcome)
	}
	for _, c := range clauses {
		outcome, judged := worst[c.ID]
		if !judged && c.NotChecked == "" {
			continue // of a group that was not asked for
		}
		if !judged {
			outcome = NotChecked
		}
		r.Clauses = append(r.Clauses, ClauseResult{Clause: c.ID, Level: c.Level, Text: c.Text, Outcome: outcome})
	}
}

// Text writes the report for people: each check that did not pass, then the
// sums.
func (r Report) Text(w io.Writer) error {
	for _, result := range r.Results {
		if result.Outcome == Pass {
			continue
		}
		if _, err := fmt.Fprintf(w, "%-11s [%s] %s: %s\n    %s\n",
			result.Outcome, result.Clause, result.Check, result.Name, result.Detail); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	_, err := fmt.Fprintf(w, "%s: %d checks: %d pass, %d fail, %d not offered, %d error; %d clauses, %d of them not checked (%v)\n",
		r.Node, len(r.Results), r.Count(Pass), r.Count(Fail), r.Count(NotOffered), r.Count(Error),
		len(r.Clauses), r.unchecked(), r.Took.Round(time.Millisecond))
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (r Report) unchecked() int {
	n := 0
	for _, c := range r.Clauses {
		if c.Outcome == NotChecked {
			n++
		}
	}
	return n
}

// JSON writes the whole report as one indented object.
func (r Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Error   *junitMessage `xml:"error,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
}

// JUnit writes the report as JUnit XML, one suite for each clause group.
func (r Report) JUnit(w io.Writer) error {
	var all junitSuites
	took := map[string]time.Duration{}
	for _, result := range r.Results {
		if n := len(all.Suites); n == 0 || all.Suites[n-1].Name != result.Group {
			all.Suites = append(all.Suites, junitSuite{Name: result.Group})
		}
		took[result.Group] += result.Took
		suite := &all.Suites[len(all.Suites)-1]
		suite.add(result)
		suite.Time = seconds(took[result.Group])
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (s *junitSuite) add(r Result) {
	c := junitCase{Class: r.Clause, Name: r.Check, Time: seconds(r.Took)}
	message := &junitMessage{Message: r.Detail}
	switch r.Outcome {
	case Fail:
		c.Failure = message
		s.Failures++
	case Error:
		c.Error = message
		s.Errors++
	case NotOffered:
		c.Skipped = message
		s.Skipped++
	case Pass, NotChecked:
	}
	s.Tests++
	s.Cases = append(s.Cases, c)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
