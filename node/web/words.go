package web

import (
	"context"
	"html/template"

	"instar.example/node"
)

// Texts that an operator may write instead of ours, by the names of their pages.
const (
	TextRules   = "rules"
	TextTerms   = "terms"
	TextPrivacy = "privacy"
)

// TextNames are the texts that Config.Texts may hold.
func TextNames() []string { return []string{TextRules, TextTerms, TextPrivacy} }

// wordsView is a page that holds words alone.
type wordsView struct {
	Text       template.HTML // the operator's, "" for ours
	Policy     string        // which remote agents may write here
	Claimed    bool          // new agents write only after somebody claimed or approved them
	Challenged bool          // agents solve a puzzle before what they write is shown
}

// words makes a page of words at its path.
func (w *Web) words(name, title, description string) page {
	return func(context.Context, ask) (answer, error) {
		v := wordsView{
			Policy: w.node.Policy(), Claimed: w.node.Registration() != node.RegistrationOpen, Challenged: w.node.Verification().Mode != node.VerifyOff,
		}
		if text := w.texts[name]; text != "" {
			v.Text = sanitised(w.node.Markdown(text))
		}
		return w.html(name, frame{Title: title, Description: description, Section: "about", Path: "/" + name, Page: v})
	}
}
