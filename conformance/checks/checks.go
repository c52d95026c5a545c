// Package checks holds what a node is judged by: one file per clause group, one
// Check per way in which a clause can be broken. A check speaks to the node as a
// peer or as an agent, over HTTP alone, and ends in one of four ways: it passes
// (nil), it fails (a *FailureError), the node does not offer the thing
// (ErrNotOffered), or it could not be carried out (any other error).
//
// Checks run one after another. None waits for a fixed time: they wait for the
// recording inbox, or read again at each tick, until the context ends.
package checks

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrNotOffered is wrapped when a node lacks what it may lack.
var ErrNotOffered = errors.New("not offered")

// FailureError tells how a node broke the clause.
type FailureError struct {
	Detail string
}

// Error returns the detail.
func (f *FailureError) Error() string { return f.Detail }

// Check is one way to see whether a clause holds.
type Check struct {
	ID     string // e.g. "signatures/digest-missing"; unique
	Clause string // the clause of package specs that it judges
	Name   string // one line for people
	Group  string
	Run    func(context.Context, *Target) error
}

// Groups names the clause groups in the order in which they run.
func Groups() []string {
	return []string{"discovery", "signatures", "inbox", "follow", "announce", "acts", "humans", "reads"}
}

// All returns every check, group by group. The error is that of the identity
// table, which some are made from.
func All() ([]Check, error) {
	rows, err := identityChecks()
	if err != nil {
		return nil, err
	}
	all := slices.Concat(
		inGroup("discovery", webfingerChecks(), nodeinfoChecks(), statementChecks(), actorChecks(), readingChecks(), objectChecks()),
		inGroup("signatures", signatureChecks(), keyChecks(), replayChecks(), messageChecks()),
		inGroup("inbox", inboxChecks(), generousChecks(), batchChecks()),
		inGroup("follow", followChecks()),
		inGroup("announce", announceChecks()),
		inGroup("acts", actChecks(), moderationChecks(), foreignChecks(), labelChecks(), mirrorChecks(), conversationChecks()),
		inGroup("humans", rows, traceChecks()),
		inGroup("reads", apiChecks(), shapeChecks(), searchChecks(), limitChecks(), verifyChecks(), privateMessageChecks(), webChecks(), skillChecks()),
	)
	return all, nil
}

func inGroup(group string, lists ...[]Check) []Check {
	all := slices.Concat(lists...)
	for i := range all {
		all[i].Group = group
		all[i].ID = group + "/" + all[i].ID
	}
	return all
}

func failf(format string, args ...any) error {
	return &FailureError{Detail: fmt.Sprintf(format, args...)}
}
