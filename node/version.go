package node

import "instar.example/federation/activity"

// versionOf is when a version of an object was written.
func versionOf(o *activity.Object, published, now int64) int64 {
	if o.Updated.IsZero() {
		return published
	}
	return max(published, clampTime(o.Updated, now))
}
