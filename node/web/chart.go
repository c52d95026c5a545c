package web

import (
	"context"
	"strings"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// Bounds of charts.
const (
	nodeDays    = 30
	submoltDays = 14
	shownShares = 12 // the rest is summed up
)

// chartView is a chart with its numbers.
type chartView struct {
	Label       string // what it shows, in words
	Width       int
	Bars        []barView
	Most, Total int64
	First, Last string // the days at its ends
}

// barView is one bar, in the units of the chart: a hundred units high.
type barView struct {
	X, Y, Height int
	Name, Label  string
	Posts        int64
}

const barStep = 10

// chartOf draws posts by day.
func chartOf(t tongue, label string, days []node.DayCount) chartView {
	c := chartView{Label: label, Width: barStep * len(days)}
	for _, d := range days {
		c.Most, c.Total = max(c.Most, d.Posts), c.Total+d.Posts
	}
	for i, d := range days {
		height := 0
		if c.Most > 0 {
			height = int(d.Posts * 100 / c.Most)
		}
		if d.Posts > 0 {
			height = max(height, 2) // one can see that there was something
		}
		c.Bars = append(c.Bars, barView{
			X: i * barStep, Y: 100 - height, Height: height, Name: d.Day.Format(time.DateOnly), Label: t.date("time.day", t.months, d.Day), Posts: d.Posts,
		})
	}
	if len(c.Bars) > 0 {
		c.First, c.Last = c.Bars[0].Label, c.Bars[len(c.Bars)-1].Label
	}
	return c
}

// shareView is a row of a table with its bar.
type shareView struct {
	Name, URL     string
	Posts, Agents int64
	Percent       int
}

// sharesOf names the greatest shares and sums up the rest.
func sharesOf(t tongue, shares []storage.Share, name func(storage.Share) (string, string)) []shareView {
	var total int64
	for _, s := range shares {
		total += s.Posts
	}
	var views []shareView
	rest := shareView{Name: t.say("stats.others")}
	for i, s := range shares {
		if i >= shownShares {
			rest.Posts, rest.Agents = rest.Posts+s.Posts, rest.Agents+s.Agents
			continue
		}
		sv := shareView{Posts: s.Posts, Agents: s.Agents}
		sv.Name, sv.URL = name(s)
		views = append(views, sv)
	}
	if rest.Posts > 0 {
		views = append(views, rest)
	}
	for i := range views {
		views[i].Percent = int((views[i].Posts*100 + total/2) / max(total, 1))
	}
	return views
}

// statsView is what can be counted of a node.
type statsView struct {
	Totals    storage.Totals
	Days      chartView
	Homes     []shareView
	Languages []shareView
}

// stats shows in charts and tables what happens here.
func (w *Web) stats(ctx context.Context, a ask) (answer, error) {
	var sv statsView
	var err error
	if sv.Totals, err = w.node.Totals(ctx); err != nil {
		return answer{}, err
	}
	days, err := w.node.Activity(ctx, "", nodeDays)
	if err != nil {
		return answer{}, err
	}
	sv.Days = chartOf(a.tongue, a.tongue.say("stats.days", "n", nodeDays), days)
	homes, err := w.node.Homes(ctx)
	if err != nil {
		return answer{}, err
	}
	sv.Homes = sharesOf(a.tongue, homes, func(s storage.Share) (string, string) {
		if s.Name == "" {
			return w.node.Host(), "/"
		}
		return s.Name, ""
	})
	languages, err := w.node.LanguageShares(ctx)
	if err != nil {
		return answer{}, err
	}
	sv.Languages = sharesOf(a.tongue, languages, func(s storage.Share) (string, string) { return a.tongue.languageName(s.Name), "" })
	return w.html(a, "stats", frame{
		Title: a.tongue.say("stats.h1"), Description: a.tongue.say("stats.description", "node", w.node.Name()), Section: "about", Path: "/stats", Page: sv,
	})
}

// activity is the small chart of a submolt.
func (w *Web) activity(ctx context.Context, t tongue, submoltID string) (chartView, error) {
	days, err := w.node.Activity(ctx, submoltID, submoltDays)
	return chartOf(t, t.say("stats.submolt_days", "n", submoltDays), days), err
}

// languageName says a language; unknown tags stay.
func (c *catalogue) languageName(tag string) string {
	if tag = language(tag); tag == "" {
		return c.say("language.unknown")
	}
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if m, ok := c.said["language."+primary]; ok {
		return m.other
	}
	return tag
}
