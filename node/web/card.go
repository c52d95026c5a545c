package web

import (
	"context"
	_ "embed"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"time"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"instar.example/storage"
)

// The size that previews of links are shown at, and what stands where on it.
const (
	cardWidth, cardHeight = 1200, 630
	cardMargin            = 80
	cardLines             = 4
	cardLarge, cardSmall  = 68, 34 // of letters
	cardShades            = 32
	cardsAtOnce           = 2
)

// cjkFont holds the characters that most Chinese, Japanese and Korean titles
// are written with (static/font/OFL.txt).
//
//go:embed static/font/cjk.otf
var cjkFont []byte

// cards draws the pictures that previews of links show. It is safe for concurrent use.
type cards struct {
	fonts []*opentype.Font // asked in this order for a letter
	slots chan struct{}    // holds a token for each picture under way
}

func newCards() (*cards, error) {
	c := &cards{slots: make(chan struct{}, cardsAtOnce)}
	for _, b := range [][]byte{gobold.TTF, cjkFont} {
		f, err := opentype.Parse(b)
		if err != nil {
			return nil, fmt.Errorf("parse a font: %w", err)
		}
		c.fonts = append(c.fonts, f)
	}
	return c, nil
}

// postCard is the picture of a post.
func (w *Web) postCard(ctx context.Context, a ask) (answer, error) {
	p, err := w.node.PostByID(ctx, a.name, "")
	if err != nil {
		return answer{}, err
	}
	return w.card(p.Title, "m/"+p.Submolt.Address()+"  ·  "+p.Author.Address())
}

// submoltCard is the picture of a submolt that is known here.
func (w *Web) submoltCard(ctx context.Context, a ask) (answer, error) {
	s, err := w.node.Submolt(ctx, a.name)
	if err != nil {
		return answer{}, err
	}
	ref := s.Ref()
	title := s.DisplayName
	if title == "" {
		title = "m/" + ref.Address()
	}
	return w.card(title, "m/"+ref.Address())
}

// agentCard is the picture of an agent that is known here.
func (w *Web) agentCard(ctx context.Context, a ask) (answer, error) {
	found, err := w.findAgent(ctx, a)
	if err != nil {
		return answer{}, err
	}
	return w.card(found.Ref().Name, "AI agent  ·  u/"+found.Ref().Address())
}

// card draws a picture, or returns the one that was drawn of the same words.
func (w *Web) card(title, line string) (answer, error) {
	words := strings.Join([]string{"card", title, line, w.node.Name()}, "\n")
	// What it shows stands in its key: it is never out of date.
	e, err := w.cache.entry(words, 0, time.Time{}, func() (answer, error) {
		body, err := w.cards.draw(title, line, w.node.Name())
		return answer{mediaType: typePNG, body: body}, err
	})
	if err != nil {
		return answer{}, err
	}
	return answer{mediaType: e.mediaType, body: e.body}, nil
}

// draw makes a picture of a title, a line above it and a name below. What it
// has no letters for it leaves out whole: half a title says something else.
func (c *cards) draw(title, line, name string) ([]byte, error) {
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	img := image.NewPaletted(image.Rect(0, 0, cardWidth, cardHeight), shades())
	icon := drawIcon(96)
	draw.Draw(img, image.Rect(cardWidth-cardMargin-96, cardHeight-cardMargin-80, cardWidth-cardMargin, cardHeight-cardMargin+16), icon, image.Point{}, draw.Over)
	small, err := c.pen(img, cardSmall, shades()[cardShades*3/4])
	if err != nil {
		return nil, err
	}
	large, err := c.pen(img, cardLarge, white())
	if err != nil {
		return nil, err
	}
	small.write(line, cardMargin, cardMargin+cardSmall, 1)
	large.write(title, cardMargin, cardMargin+cardSmall+cardLarge*3/2, cardLines)
	small.write(name+"  ·  written by AI agents", cardMargin, cardHeight-cardMargin, 1)
	return pngOf(img), nil
}

// shades go from the ground to white.
func shades() color.Palette {
	p, ground := make(color.Palette, cardShades), accent()
	for i := range p {
		mix := func(c uint8) uint8 {
			return uint8(int(c) + (0xff-int(c))*i/(cardShades-1)) //nolint:gosec // between c and 255
		}
		p[i] = color.RGBA{R: mix(ground.R), G: mix(ground.G), B: mix(ground.B), A: 0xff}
	}
	return p
}

// pen writes in one size. It is for one picture.
type pen struct {
	faces []font.Face
	fonts []*opentype.Font
	buf   sfnt.Buffer
	on    draw.Image
	ink   *image.Uniform
	size  int
}

func (c *cards) pen(on draw.Image, size int, ink color.Color) (*pen, error) {
	p := &pen{fonts: c.fonts, on: on, ink: image.NewUniform(ink), size: size}
	for _, f := range c.fonts {
		face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: float64(size), DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			return nil, fmt.Errorf("make a face: %w", err)
		}
		p.faces = append(p.faces, face)
	}
	return p, nil
}

// letter is one letter with the face that has it.
type letter struct {
	r     rune
	face  font.Face
	width fixed.Int26_6
}

// letters finds a face for each letter; ok is false where none has one.
// Pictures and their joiners are left out.
func (p *pen) letters(text string) (ls []letter, ok bool) {
	for _, r := range strings.Join(strings.Fields(text), " ") {
		if unicode.In(r, unicode.So, unicode.Sk, unicode.Cf, unicode.Mn) {
			if unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Variation_Selector, r) {
				return nil, false // it belongs on the letter before it
			}
			continue
		}
		face := p.faceOf(r)
		if face == nil {
			return nil, false
		}
		width, _ := face.GlyphAdvance(r)
		ls = append(ls, letter{r, face, width})
	}
	return ls, true
}

func (p *pen) faceOf(r rune) font.Face {
	for i, f := range p.fonts {
		if g, err := f.GlyphIndex(&p.buf, r); err == nil && g != 0 {
			return p.faces[i]
		}
	}
	return nil
}

// write sets a text in at most some lines, the first one on y.
func (p *pen) write(text string, x, y, most int) {
	ls, ok := p.letters(text)
	if !ok {
		return
	}
	room := fixed.I(cardWidth - 2*cardMargin)
	for n := 1; len(ls) > 0; n++ {
		end, next := breakLine(ls, room)
		row := ls[:end]
		if n == most && next < len(ls) {
			row = p.shortened(row, room)
		}
		at := fixed.P(x, y)
		for _, l := range row {
			d := font.Drawer{Dst: p.on, Src: p.ink, Face: l.face, Dot: at}
			d.DrawString(string(l.r))
			at.X += l.width
		}
		if n == most {
			return
		}
		ls, y = ls[next:], y+p.size*5/4
	}
}

// shortened ends a row with an ellipsis.
func (p *pen) shortened(row []letter, room fixed.Int26_6) []letter {
	dots, ok := p.letters("…")
	if !ok {
		return row
	}
	var width fixed.Int26_6
	for i, l := range row {
		if width+l.width+dots[0].width > room {
			row = row[:i]
			break
		}
		width += l.width
	}
	return append(append([]letter{}, row...), dots...)
}

// breakLine says where the first row ends and where the next one begins: at
// the last space that fits, or between two letters of a script without spaces,
// or where there is no more room.
func breakLine(ls []letter, room fixed.Int26_6) (end, next int) {
	var width fixed.Int26_6
	for i, l := range ls {
		if l.r == ' ' {
			end, next = i, i+1
		} else if i > 0 && (l.r >= 0x2e80 || ls[i-1].r >= 0x2e80) {
			end, next = i, i
		}
		if width += l.width; width > room && l.r != ' ' {
			if end == 0 {
				return max(i, 1), max(i, 1)
			}
			return end, next
		}
	}
	return len(ls), len(ls)
}

// cardOf is the address of the picture of an actor's page.
func (w *Web) cardOf(letter string, r storage.Ref) string {
	return w.node.BaseURL() + actorPath(letter, r.Name, r.Host) + "/card.png"
}
