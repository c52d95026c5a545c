package node

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tongue is a language that is told by the words that hardly a sentence of it
// lacks. A word that many texts of another one hold, as Spanish "me", stands in both.
type tongue struct {
	tag   string
	usual func(word string) bool
}

// tongues are those that are told from each other; English comes first, for it
// wins where the words of a text in plain letters leave the choice.
func tongues() [10]tongue {
	return [...]tongue{
		{"en", english},
		{"es", spanish},
		{"pt", portuguese},
		{"fr", french},
		{"de", german},
		{"it", italian},
		{"nl", dutch},
		{"tr", turkish},
		{"pl", polish},
		{"id", indonesian},
	}
}

// usualShare is how many words a usual one may stand for at most: texts have one among three or so.
const usualShare = 8

// wordsLookedAt is how many words are looked at.
const wordsLookedAt = 80

// latinLanguage tells the languages of Latin letters apart; "" where the usual
// words of none are among its words, or those of two are alike.
func latinLanguage(s string) string {
	all := tongues()
	var hits [len(all)]int
	words, plain := 0, true
	for w := range strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if words++; words > wordsLookedAt {
			break
		}
		for i := range all {
			if all[i].usual(w) {
				hits[i]++
			}
		}
		plain = plain && isASCII(w)
	}
	best, alike := 0, false
	for i, h := range hits {
		if h > hits[best] {
			best = i
		}
	}
	for i, h := range hits {
		alike = alike || (i != best && h == hits[best])
	}
	if hits[best] == 0 || hits[best]*usualShare < words || (alike && (best != 0 || !plain)) {
		return ""
	}
	return all[best].tag
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func english(w string) bool {
	switch w {
	case "the", "of", "and", "to", "a", "in", "is", "it", "i", "that", "for", "you", "was", "on", "with", "as", "are", "be", "this", "have", "from",
		"or", "by", "not", "but", "what", "we", "they", "an", "will", "can", "if", "my", "your", "all", "how", "when", "which", "do", "does", "their",
		"has", "had", "more", "about", "would", "there", "who", "so", "no", "out", "just", "than", "other", "into", "only", "some", "could", "its",
		"then", "our", "these", "me", "why", "like", "at", "am", "been", "did", "don", "he", "her", "here", "his", "hello", "any", "every", "because",
		"where", "while", "without", "after", "before", "between", "over", "should", "too", "very", "were", "them", "those", "us", "let", "new", "each", "one":
		return true
	}
	return false
}

func spanish(w string) bool {
	switch w {
	case "de", "la", "que", "el", "en", "y", "a", "los", "se", "del", "las", "un", "por", "con", "no", "una", "su", "para", "es", "al", "lo", "como",
		"más", "pero", "sus", "le", "ya", "o", "este", "sí", "porque", "esta", "entre", "cuando", "muy", "sin", "sobre", "también", "me", "hasta",
		"hay", "donde", "quien", "desde", "todo", "nos", "durante", "todos", "uno", "les", "contra", "otros", "ese", "eso", "ante", "ellos",
		"yo", "mi", "tu", "qué", "cómo", "cuál", "son", "fue", "ser", "tiene", "está", "están", "hola", "soy", "si", "nuestro", "puede", "aquí", "años":
		return true
	}
	return strings.ContainsRune(w, 'ñ')
}

func portuguese(w string) bool {
	switch w {
	case "de", "a", "o", "que", "e", "do", "da", "em", "um", "para", "é", "com", "não", "uma", "os", "no", "se", "na", "por", "mais", "as", "dos",
		"como", "mas", "foi", "ao", "ele", "das", "tem", "à", "seu", "sua", "ou", "ser", "quando", "muito", "há", "nos", "já", "está", "eu", "também",
		"só", "pelo", "pela", "até", "isso", "ela", "entre", "era", "depois", "sem", "mesmo", "aos", "ter", "seus", "quem", "nas", "me", "esse",
		"estão", "você", "vocês", "tinha", "foram", "essa", "num", "nem", "meu", "minha", "olá", "sou", "todos", "aqui", "isto", "são":
		return true
	}
	return strings.ContainsAny(w, "ãõ")
}

func french(w string) bool {
	switch w {
	case "de", "la", "le", "et", "les", "des", "en", "un", "du", "une", "que", "est", "pour", "qui", "dans", "a", "par", "plus", "pas", "au", "sur",
		"ne", "se", "ce", "il", "sont", "avec", "son", "je", "nous", "vous", "mais", "ou", "on", "aux", "cette", "comme", "ces", "elle", "être",
		"été", "même", "tout", "tous", "leur", "sans", "entre", "fait", "si", "y", "ont", "ses", "deux", "aussi", "mon", "ma", "mes", "votre", "vos",
		"notre", "nos", "c", "d", "l", "j", "n", "qu", "où", "très", "à", "ça", "suis", "bonjour", "comment", "pourquoi", "quand", "peut", "moi", "ils":
		return true
	}
	return strings.ContainsAny(w, "èêœ")
}

func german(w string) bool {
	switch w {
	case "der", "die", "und", "in", "den", "von", "zu", "das", "mit", "sich", "des", "auf", "für", "ist", "im", "dem", "nicht", "ein", "eine", "als",
		"auch", "es", "an", "werden", "aus", "er", "hat", "dass", "sie", "nach", "wird", "bei", "einer", "um", "am", "sind", "noch", "wie", "einem",
		"über", "einen", "so", "zum", "war", "haben", "nur", "oder", "aber", "vor", "zur", "bis", "mehr", "durch", "man", "sein", "wurde", "ich",
		"wir", "ihr", "was", "wenn", "kann", "mein", "meine", "euch", "eure", "du", "mir", "mich", "uns", "unser", "hallo", "warum", "wo", "hier", "kein":
		return true
	}
	return strings.ContainsRune(w, 'ß')
}

func italian(w string) bool {
	switch w {
	case "di", "e", "il", "la", "che", "in", "a", "per", "un", "è", "del", "non", "sono", "con", "i", "una", "si", "le", "da", "della", "dei", "al",
		"nel", "alla", "più", "come", "ma", "lo", "anche", "o", "gli", "delle", "se", "ha", "dal", "su", "mi", "ci", "io", "questo", "questa", "ho",
		"tra", "fra", "nella", "loro", "cosa", "tutti", "tutto", "perché", "quando", "chi", "molto", "essere", "stato", "ai", "sul", "dalla", "degli",
		"alle", "quello", "mia", "mio", "voi", "noi", "ciao", "siamo", "hanno", "poi", "già", "qui", "così", "ogni", "senza", "nuovo", "c", "l":
		return true
	}
	return false
}

func dutch(w string) bool {
	switch w {
	case "de", "en", "van", "het", "een", "in", "is", "dat", "op", "te", "zijn", "met", "voor", "niet", "die", "aan", "er", "om", "ook", "als", "dan",
		"maar", "bij", "of", "uit", "nog", "naar", "heeft", "door", "over", "ze", "wordt", "tot", "je", "mijn", "hij", "was", "worden", "wat", "hoe",
		"geen", "kan", "ik", "we", "deze", "dit", "meer", "zich", "wel", "hebben", "jullie", "ben", "zo", "al", "waar", "onze", "ons", "mij", "jij",
		"hallo", "allemaal", "waarom", "wanneer", "moet", "kunnen", "veel", "hier", "daar", "tussen", "omdat", "zonder", "nieuwe", "u", "uw", "gaat", "heb":
		return true
	}
	return false
}

func turkish(w string) bool {
	switch w {
	case "ve", "bir", "bu", "da", "de", "için", "ile", "çok", "daha", "olarak", "olan", "gibi", "ne", "o", "ama", "kadar", "sonra", "en", "her", "değil",
		"var", "yok", "ben", "sen", "biz", "siz", "mi", "mı", "mu", "nasıl", "neden", "ki", "ya", "hem", "veya", "şey", "bana", "beni", "benim", "bunu",
		"şu", "oldu", "olduğu", "olduğunu", "ise", "göre", "merhaba", "herkese", "yeni", "tüm", "bütün", "diye", "kendi", "zaman", "sadece", "önce":
		return true
	}
	return strings.ContainsAny(w, "ğşı")
}

func polish(w string) bool {
	switch w {
	case "w", "i", "z", "na", "do", "się", "nie", "to", "że", "jest", "o", "a", "od", "po", "za", "ze", "jak", "ale", "co", "dla", "przez", "tym", "są",
		"tak", "by", "czy", "przy", "tylko", "już", "także", "oraz", "ich", "jego", "jej", "może", "przed", "bez", "nad", "pod", "był", "była", "było",
		"ja", "my", "mam", "mnie", "wszystkim", "wszystko", "jestem", "które", "który", "która", "kiedy", "gdzie", "dlaczego", "tego", "ten", "ta", "te", "u":
		return true
	}
	return strings.ContainsAny(w, "łąężźśćń")
}

func indonesian(w string) bool {
	switch w {
	case "yang", "dan", "di", "untuk", "dengan", "ini", "itu", "tidak", "dari", "saya", "kami", "adalah", "akan", "pada", "ke", "bisa", "karena",
		"juga", "kita", "anda", "atau", "sudah", "oleh", "dalam", "lebih", "apa", "ada", "semua", "antar", "bagaimana", "kalian", "belum", "jika",
		"halo", "baru", "seperti", "telah", "harus", "bukan", "sebuah", "mereka", "kamu", "aku", "sangat", "hanya", "tapi", "tetapi", "saat", "agar":
		return true
	}
	return false
}
