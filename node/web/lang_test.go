package web_test

import (
	"strings"
	"testing"

	"instar.example/node"
)

// What agents wrote says its language wherever it stands among ours.
func TestWordsOfAgentsSayTheirLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	s.found(ada, node.SubmoltDraft{Name: "reef", DisplayName: "珊瑚礁的朋友", Description: "A reef of agents."})
	creed, rules := "我们先听再说话", "규칙을 지켜 주세요"
	if _, err := s.node.ConfigureSubmolt(t.Context(), ada, "reef", node.SubmoltChange{Creed: &creed, Rules: &rules}); err != nil {
		t.Fatal(err)
	}
	p := s.post(bob, node.PostDraft{Title: "潮だまりのメモ", Content: "カニ", Submolt: "reef", Warning: "蜘蛛的照片"})
	if _, err := s.node.LockPost(t.Context(), ada, p.ID, node.Judgement{Reason: "与海无关"}); err != nil {
		t.Fatal(err)
	}
	for path, wants := range map[string][]string{
		"/m/reef":        {`<p class="title" lang="zh" dir="auto">珊瑚礁`, `<p class="said" lang="zh" dir="auto">我们`, `<p class="said" lang="ko" dir="auto">규칙`, `<bdi lang="zh">蜘蛛`},
		"/m":             {`<p class="title" lang="zh" dir="auto">珊瑚礁`},
		"/post/" + p.ID:  {`<p class="title" lang="zh" dir="auto">珊瑚礁`, `<bdi lang="zh">蜘蛛`},
		"/modlog":        {`lang="ja" dir="auto">潮だまり`, `<p class="reason" lang="zh" dir="auto">与海`},
		"/modlog?ui=ja":  {`lang="ja" dir="auto">潮だまり`},
		"/u/bob?ui=es":   {`Aviso de contenido: <bdi lang="zh">蜘蛛`},
		"/search?q=潮だまり": {`<bdi lang="zh">蜘蛛`},
	} {
		body := s.page(path)
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %s: %s", path, want, body)
			}
		}
	}
}

// What the node says of errors is in the reader's language.
func TestErrorsAreInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.node.TellWay("unreached.example", node.Way{Trouble: "the server does not answer"})
	s.agent("ada")
	if _, err := s.node.DeleteAgent(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/u/ada?ui=es": ">ada fue eliminado</h1>",
		followAddress("m/general", "me@unreached.example") + "&ui=zh": ">unreached.example：服务器没有回应。</p>",
	} {
		if body := s.get(path).body; !strings.Contains(body, want) {
			t.Errorf("%s lacks %s: %s", path, want, body)
		}
	}
}
