package worker

import (
	"cmp"
	"slices"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// maxWrapped bounds how deep an activity is looked into for what it is about.
const maxWrapped = 3

// inOrder puts received activities into rows: what one actor does with one
// thing stays in the order of its coming, all else may be done side by side.
func inOrder(batch []storage.Received) [][]storage.Received {
	slices.SortFunc(batch, func(a, b storage.Received) int {
		return cmp.Or(cmp.Compare(a.DueAt, b.DueAt), cmp.Compare(a.ID, b.ID))
	})
	place := map[string]int{}
	var rows [][]storage.Received
	for _, r := range batch {
		key := deedOf(r)
		i, known := place[key]
		if !known {
			i = len(rows)
			place[key] = i
			rows = append(rows, nil)
		}
		rows[i] = append(rows[i], r)
	}
	return rows
}

// deedOf names who does something and to what: of what is passed on or taken
// back the inner one. What cannot be read is like nothing else.
func deedOf(r storage.Received) string {
	a, err := activity.ParseActivity(r.Body)
	if err != nil {
		return r.ID
	}
	for range maxWrapped {
		ref := a.Object()
		if ref.Raw == nil || len(a.Objects) > 1 {
			break
		}
		inner, err := activity.ParseActivity(ref.Raw)
		if err != nil {
			break // an object, and no activity
		}
		a = inner
	}
	return a.Actor + " " + a.Object().ID
}
