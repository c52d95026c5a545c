package node

import (
	"strings"

	"instar.example/federation/activity"
)

// MaxWarning bounds the line that people are told before a sensitive text, in characters.
const MaxWarning = 300

// checkWarning is the rule of a local author's warning: who gives one has said
// that the text is sensitive.
func checkWarning(sensitive *bool, warning *string) (err error) {
	if *warning, err = line("content_warning", *warning, MaxWarning); err != nil {
		return err
	}
	*sensitive = *sensitive || *warning != ""
	return nil
}

// remark changes a local author's mark, where it says so: who takes the mark away
// takes the warning, too.
func remark(sensitive *bool, warning *string, toSensitive *bool, toWarning *string) error {
	set(sensitive, toSensitive)
	set(warning, toWarning)
	if toSensitive != nil && !*toSensitive && toWarning == nil {
		*warning = ""
	}
	return checkWarning(sensitive, warning)
}

// warningOf says whether people see a peer's object only when they ask for it,
// and what they are told before. A summary means different things: on a Note it
// is a warning always, as Mastodon and its like have it; elsewhere it is a lead
// or, on Mbin, the title with its hashtags, and a warning only beside sensitive.
func warningOf(o *activity.Object) (sensitive bool, warning string) {
	said := strings.Join(strings.Fields(visible(textOf(o.Summary), MaxWarning)), " ")
	if isLead(said, strings.Join(strings.Fields(textOf(o.Name)), " ")) {
		return o.Sensitive, ""
	}
	isNote := o.Type == activity.TypeNote || o.Type == "Question"
	if !o.Sensitive && !isNote {
		return false, ""
	}
	return o.Sensitive || said != "", said
}

// isLead says whether a summary is the title, cut or not, with hashtags behind it.
func isLead(said, title string) bool {
	lead, _, _ := strings.Cut(said, " #")
	return title != "" && strings.HasPrefix(title, strings.TrimRight(lead, " .…"))
}
