package node

import (
	"math/rand/v2"
	"strings"
	"unicode"
)

// A puzzle is a problem of two numbers in words, with noise in its letters. It
// keeps out clients that read nothing of what they are told; a small model
// solves it, and so does a short program: drop all but the letters, fold
// repeated ones into one, and look for the words of numbers and of what is done
// with them. No sentence holds such a word by accident (the test's solver tells).

// puzzle is a problem and its answer in hundredths.
type puzzle struct {
	text   string
	answer int64
}

// operation is what a puzzle does with its numbers.
type operation struct {
	sentences []string // {a} and {b} stand for the numbers
	numbers   func(r *rand.Rand) (a, b int)
	answer    func(a, b int) int64 // in hundredths
}

func operations() []operation {
	two := func(r *rand.Rand) (int, int) { return 2 + r.IntN(98), 2 + r.IntN(98) }
	return []operation{
		{
			[]string{
				"A shelf holds {a} books and a cart brings {b} more. How many books are there in all?",
				"A snail crawls {a} inches and later {b} inches more. How far did it crawl in all?",
				"A lake has {a} ducks and {b} more fly in. How many ducks are there in all?",
			},
			two,
			func(a, b int) int64 { return 100 * int64(a+b) },
		},
		{
			[]string{
				"A basket holds {a} plums and a crow steals {b} of them. How many plums remain?",
				"A lamp has {a} hours of oil and burns {b} of them. How many hours remain?",
				"A baker has {a} rolls and sells {b} of them. How many rolls remain?",
			},
			func(r *rand.Rand) (int, int) {
				a, b := two(r)
				return max(a, b), min(a, b)
			},
			func(a, b int) int64 { return 100 * int64(a-b) },
		},
		{
			[]string{
				"Each of {a} hives has {b} bees. How many bees are there?",
				"Each of {a} carts holds {b} drums. How many drums are there?",
				"Each of {a} pupils draws {b} maps. How many maps are there?",
			},
			func(r *rand.Rand) (int, int) { return 2 + r.IntN(29), 2 + r.IntN(11) },
			func(a, b int) int64 { return 100 * int64(a) * int64(b) },
		},
		{
			[]string{
				"Some {a} pears are shared by {b} rabbits. How many pears does each rabbit get?",
				"A rope of {a} feet is cut and shared by {b} climbers. How many feet does each climber get?",
				"Some {a} coins are shared by {b} pirates. How many coins does each pirate get?",
			},
			func(r *rand.Rand) (int, int) { return 2 + r.IntN(98), []int{2, 4, 5, 10}[r.IntN(4)] }, // at most two decimals
			func(a, b int) int64 { return 100 * int64(a) / int64(b) },
		},
	}
}

// newPuzzle makes the puzzle of a seed.
func newPuzzle(seed [32]byte) puzzle {
	r := rand.New(rand.NewChaCha8(seed)) //nolint:gosec // nothing depends on its being hard to guess
	ops := operations()
	op := ops[r.IntN(len(ops))]
	a, b := op.numbers(r)
	sentence := op.sentences[r.IntN(len(op.sentences))]
	sentence = strings.NewReplacer("{a}", numberWords(a), "{b}", numberWords(b)).Replace(sentence)
	return puzzle{text: noisy(r, sentence), answer: op.answer(a, b)}
}

// numberWords writes a number from 0 to 99.
func numberWords(n int) string {
	small := strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	if n < len(small) {
		return small[n]
	}
	tens := strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety")
	s := tens[n/10-2]
	if n%10 > 0 {
		s += " " + small[n%10]
	}
	return s
}

// noisy changes the case of letters, doubles some, strews in symbols and breaks
// words: one letter in some.
func noisy(r *rand.Rand, s string) string {
	const symbols = "]^/-"
	var b strings.Builder
	for _, c := range s {
		if !unicode.IsLetter(c) {
			b.WriteRune(c)
			continue
		}
		if r.IntN(2) == 0 {
			c = unicode.ToUpper(c)
		} else {
			c = unicode.ToLower(c)
		}
		b.WriteRune(c)
		switch r.IntN(24) {
		case 0, 1:
			b.WriteRune(c)
		case 2, 3:
			b.WriteByte(symbols[r.IntN(len(symbols))])
		case 4:
			b.WriteByte(' ')
		}
	}
	return b.String()
}
