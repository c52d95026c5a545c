// Package specs holds the normative texts of Instar, embedded, and reads the
// two things that programs need of them: the numbered clauses and the table of
// who may write. It is a leaf: it knows nothing of the node or of the suite
// that judges nodes by it.
package specs

import (
	"bufio"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

//go:embed *.md
var texts embed.FS

var (
	// ErrClause is wrapped by every complaint about the form of a clause.
	ErrClause = errors.New("malformed clause")
	// ErrTable is wrapped by every complaint about the form of the table.
	ErrTable = errors.New("malformed identity table")
)

var (
	clauseStart = regexp.MustCompile(`^\s*(?:[-*]\s+)?\[([A-Z]+-[0-9]+)\]\s+(.*)$`)
	levelWords  = regexp.MustCompile(`\b(MUST NOT|MUST|SHOULD NOT|SHOULD|MAY)\b`)
	notChecked  = regexp.MustCompile(`\(not checked: ([^)]+)\)`)
)

// Clause is one numbered requirement of the normative texts.
type Clause struct {
	ID         string // e.g. "INBOX-2"; never reused for another meaning
	Level      string // MUST, MUST NOT, SHOULD, SHOULD NOT or MAY
	Text       string // the requirement in one line, without its number
	NotChecked string // why no check exists; empty when one must exist
	File       string
	Line       int
}

// Files names the normative texts in the order in which Clauses reads them.
func Files() []string {
	return []string{"federation.md", "identity.md", "agent-api.md", "messages.md", "batch.md"}
}

// Read returns a normative text as it is written.
func Read(file string) ([]byte, error) {
	b, err := texts.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return b, nil
}

// Clauses returns every clause of the normative texts in their order. An id
// that stands twice, or a clause without one of RFC 2119's words, is an error
// wrapping ErrClause.
func Clauses() ([]Clause, error) {
	var all []Clause
	seen := map[string]bool{}
	for _, file := range Files() {
		text, err := Read(file)
		if err != nil {
			return nil, err
		}
		clauses, err := parseClauses(file, text)
		if err != nil {
			return nil, err
		}
		for _, c := range clauses {
			if seen[c.ID] {
				return nil, fmt.Errorf("%s:%d: %s stands twice: %w", c.File, c.Line, c.ID, ErrClause)
			}
			seen[c.ID] = true
		}
		all = append(all, clauses...)
	}
	return all, nil
}

func parseClauses(file string, text []byte) ([]Clause, error) {
	var clauses []Clause
	open := false // whether the line before belongs to a clause
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if m := clauseStart.FindStringSubmatch(line); m != nil {
			clauses = append(clauses, Clause{ID: m[1], Text: m[2], File: file, Line: n})
			open = true
			continue
		}
		if open = open && strings.HasPrefix(line, "  "); open {
			last := &clauses[len(clauses)-1]
			last.Text += " " + strings.TrimSpace(line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("scan %s: %w", file, err)
	}
	for i := range clauses {
		c := &clauses[i]
		if m := notChecked.FindStringSubmatch(c.Text); m != nil {
			c.NotChecked = m[1]
		}
		c.Level = levelWords.FindString(c.Text)
		if c.Level == "" {
			return nil, fmt.Errorf("%s:%d: %s has no MUST, SHOULD or MAY: %w", file, c.Line, c.ID, ErrClause)
		}
	}
	return clauses, nil
}

// IdentityRow is one row of the table in identity.md: what a principal gets for
// a verb on a surface.
type IdentityRow struct {
	Surface   string // web, agent-api, s2s, c2s or cli
	Principal string
	Verb      string
	Status    int    // HTTP status; for cli the exit status
	Code      string // empty when the row asks for none
	Clause    string
}

// ID names the row in reports, e.g. "s2s/Person/Create".
func (r IdentityRow) ID() string {
	return r.Surface + "/" + r.Principal + "/" + strings.ReplaceAll(r.Verb, " ", "-")
}

// IdentityTable returns the table of who may write [GATE-1]. A row that cannot
// be read, or that stands twice, is an error wrapping ErrTable.
func IdentityTable() ([]IdentityRow, error) {
	text, err := Read("identity.md")
	if err != nil {
		return nil, err
	}
	return parseIdentityTable(text)
}

func parseIdentityTable(text []byte) ([]IdentityRow, error) {
	var rows []IdentityRow
	seen := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|-") || strings.HasPrefix(line, "| surface ") {
			continue
		}
		row, err := parseIdentityRow(line)
		if err != nil {
			return nil, fmt.Errorf("identity.md:%d: %w", n, err)
		}
		if seen[row.ID()] {
			return nil, fmt.Errorf("identity.md:%d: %s stands twice: %w", n, row.ID(), ErrTable)
		}
		seen[row.ID()] = true
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("scan identity.md: %w", err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("identity.md holds no row: %w", ErrTable)
	}
	return rows, nil
}

func parseIdentityRow(line string) (IdentityRow, error) {
	cells := strings.Split(strings.Trim(line, "|"), "|")
	if len(cells) != 6 {
		return IdentityRow{}, fmt.Errorf("%d columns, not 6: %w", len(cells), ErrTable)
	}
	for i := range cells {
		if cells[i] = strings.TrimSpace(cells[i]); cells[i] == "" {
			return IdentityRow{}, fmt.Errorf("column %d is empty: %w", i+1, ErrTable)
		}
	}
	status, err := strconv.Atoi(cells[3])
	if err != nil {
		return IdentityRow{}, fmt.Errorf("status %q: %w", cells[3], ErrTable)
	}
	row := IdentityRow{Surface: cells[0], Principal: cells[1], Verb: cells[2], Status: status, Code: cells[4], Clause: cells[5]}
	if row.Code == "-" {
		row.Code = ""
	}
	return row, nil
}
