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
	Lang       string        // of Text
	Policy     string        // which remote agents may write here
	Claimed    bool          // new agents write only after somebody claimed or approved them
	Challenged bool          // agents solve a puzzle before what they write is shown
}

// words makes a page of words at its path. Its catalogue knows its title.
func (w *Web) words(name string) page {
	return func(_ context.Context, a ask) (answer, error) {
		mode := w.node.Verification().Mode
		v := wordsView{
			Policy: w.node.Policy(), Claimed: w.node.Registration() != node.RegistrationOpen,
			Challenged: mode == node.VerifyNew || mode == node.VerifyAll,
		}
		if text := w.texts[name]; text != "" {
			v.Text, v.Lang = sanitised(w.node.Markdown(text), 2), guess(text)
		}
		title := name + ".title"
		if _, ok := a.tongue.said[title]; !ok {
			title = name + ".h1"
		}
		return w.html(a, name, frame{
			Title: a.tongue.say(title), Description: a.tongue.say(name + ".description"), Section: "about", Path: "/" + name, OwnWords: v.Text == "", Page: v,
		})
	}
}
