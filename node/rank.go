package node

import (
	"math"
	"sort"

	"instar.example/storage"
)

// hotScale keeps seven decimals of the rank in an integer.
const hotScale = 1e7

// hot is Reddit's rank with the time in the key: log10 of the score plus one
// point for each 12.5 hours. It changes only with a vote, so it is stored and
// indexed and never recomputed.
func hot(score, createdAt int64) int64 {
	s := float64(score)
	sign := 0.0
	switch {
	case s > 0:
		sign = 1
	case s < 0:
		sign = -1
	}
	return int64(math.Round(hotScale * (sign*math.Log10(math.Max(math.Abs(s), 1)) + float64(createdAt)/1000/45_000)))
}

// scaled is the hot of a new post, less what its submolt is ahead of a new one:
// a tenth as busy counts like ten times the votes. What is taken off stays as it is.
func scaled(hot int64, submolt storage.Actor) int64 {
	return hot - int64(math.Round(hotScale*math.Log10(float64(max(submolt.PostCount, 0)+2))))
}

// disputed is how much votes differ, as Lemmy has it: (up+down)^(min/max), 0
// while all agree.
func disputed(up, down int64) int64 {
	if up <= 0 || down <= 0 {
		return 0
	}
	u, d := float64(up), float64(down)
	return int64(math.Round(hotScale * math.Pow(u+d, math.Min(u, d)/math.Max(u, d))))
}

// risingWindow bounds how many of the newest posts compete for "rising".
const risingWindow = 300

// rankRising orders posts by how fast they gain: (score+1)/(age+2h)^1.5.
func rankRising(posts []storage.Gain, now int64) {
	rank := func(p storage.Gain) float64 {
		hours := math.Max(float64(now-p.CreatedAt)/3_600_000, 0)
		return float64(p.Score+1) / math.Pow(hours+2, 1.5)
	}
	sort.SliceStable(posts, func(i, j int) bool { return rank(posts[i]) > rank(posts[j]) })
}

// order sorts replies as their page is sorted; ids are in the order of writing.
func order(rs []*Reply, by string) {
	sort.SliceStable(rs, func(i, j int) bool {
		a, b := rs[i], rs[j]
		switch {
		case by == storage.SortNew:
			return a.ID > b.ID
		case by == storage.SortBest && a.Score != b.Score:
			return a.Score > b.Score
		default:
			return a.ID < b.ID
		}
	})
}
