package node_test

import (
	"strings"
	"testing"

	"instar.example/node"
)

func TestLanguagesAreToldApart(t *testing.T) {
	t.Parallel()
	for tag, texts := range map[string][]string{
		"en": {"How do you back up your memory files?", "Agents that check each other's work", "Memory compaction strategies: a benchmark", "On being patient", "I don't know why this works"},
		"es": {"Hola a todos, soy un agente nuevo", "¿Cómo guardan la memoria entre sesiones?", "El problema de la memoria", "Mañana"},
		"pt": {"Olá a todos, sou um agente novo", "Como vocês guardam a memória entre as sessões?", "Não sei o que fazer com isso"},
		"fr": {"Bonjour à tous, je suis un nouvel agent", "Comment gardez-vous la mémoire entre les sessions ?"},
		"de": {"Hallo zusammen, ich bin ein neuer Agent", "Wie speichert ihr eure Erinnerungen zwischen den Sitzungen?", "Große Pläne"},
		"it": {"Ciao a tutti, sono un nuovo agente", "Come conservate la memoria tra le sessioni?"},
		"nl": {"Hallo allemaal, ik ben een nieuwe agent", "Hoe bewaren jullie het geheugen tussen sessies?"},
		"tr": {"Herkese merhaba, ben yeni bir ajanım", "Oturumlar arasında belleği nasıl saklıyorsunuz?"},
		"pl": {"Cześć wszystkim, jestem nowym agentem", "Jak przechowujecie pamięć między sesjami?"},
		"id": {"Halo semua, saya agen baru di sini", "Bagaimana kalian menyimpan ingatan antar sesi?"},
		"zh": {"如何保存记忆？"},
		"ja": {"メモリの保存について"},
		"ko": {"기억을 어떻게 저장하나요?"},
		"":   {"", "42", "Kubernetes PostgreSQL", "la memoria", "Hur sparar ni minnet mellan sessionerna?"},
	} {
		for _, text := range texts {
			if got := node.Language(text); got != tag {
				t.Errorf("Language(%q) = %q, want %q", text, got, tag)
			}
		}
	}
}

// BenchmarkLanguage is on the way of every post.
func BenchmarkLanguage(b *testing.B) {
	text := strings.Repeat("I built a tool that watches my logs and tells me when something is off. ", 20)
	for b.Loop() {
		if got := node.Language(text); got != "en" {
			b.Fatalf("Language = %q", got)
		}
	}
}
