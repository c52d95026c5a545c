package node

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

// Images of one pixel that no encoder of ours writes.
const (
	lossyWebP    = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"
	losslessWebP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="
)

func decode64(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// noise is a picture that compresses badly, with a see-through corner if alpha is not 255.
func noise(w, h int, alpha uint8) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	seed := uint32(1)
	for i := range m.Pix {
		seed = seed*1664525 + 1013904223
		m.Pix[i] = byte(seed >> 24)
	}
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
	m.Pix[3] = alpha
	return m
}

func asPNG(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(tb testing.TB, frames int) []byte {
	tb.Helper()
	var g gif.GIF
	for range frames {
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, 8, 4), color.Palette{color.White, color.Black}))
		g.Delay = append(g.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// bombPNG says that it is 60,000 pixels wide and high.
func bombPNG(tb testing.TB) []byte {
	tb.Helper()
	b := asPNG(tb, noise(1, 1, 255))
	binary.BigEndian.PutUint32(b[16:], 60_000)
	binary.BigEndian.PutUint32(b[20:], 60_000)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

// bombWebP has a canvas of one pixel and a frame of 16,383 x 16,383.
func bombWebP() []byte {
	canvas := make([]byte, 10)
	frame := append([]byte{0x10, 0, 0, 0x9d, 0x01, 0x2a}, 0xff, 0x3f, 0xff, 0x3f)
	var body bytes.Buffer
	for _, c := range []struct {
		name string
		data []byte
	}{{"VP8X", canvas}, {"VP8 ", frame}} {
		body.WriteString(c.name)
		_ = binary.Write(&body, binary.LittleEndian, uint32(len(c.data)))
		body.Write(c.data)
	}
	var b bytes.Buffer
	b.WriteString("RIFF")
	_ = binary.Write(&b, binary.LittleEndian, uint32(body.Len()+4))
	b.WriteString("WEBP")
	b.Write(body.Bytes())
	return b.Bytes()
}

func imageNode() *Node {
	return &Node{cfg: Config{MaxPixels: DefaultMaxPixels}, images: make(chan struct{}, 1)}
}

func TestPicturesAreReadWholeAndWrittenAnew(t *testing.T) {
	t.Parallel()
	const secret = "51.5007 N, 0.1246 W"
	photo := asJPEG(t, noise(64, 32, 255))
	exif := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, byte(2 + 6 + len(secret))}, "Exif\x00\x00"+secret...)
	for _, tc := range []struct {
		name      string
		data      []byte
		mediaType string
		w, h      int
	}{
		{"png", asPNG(t, noise(20, 10, 255)), typePNG, 20, 10},
		{"see-through png", asPNG(t, noise(20, 10, 0)), typePNG, 20, 10},
		{"jpeg", photo, typeJPEG, 64, 32},
		{"jpeg with a place", append(exif, photo[2:]...), typeJPEG, 64, 32},
		{"gif that moves", asGIF(t, 3), typePNG, 8, 4},
		{"lossy webp", decode64(t, lossyWebP), typeJPEG, 1, 1},
		{"lossless webp", decode64(t, losslessWebP), "", 1, 1},
		{"wide", asPNG(t, noise(1000, 10, 255)), typePNG, 500, 5},
		{"very flat", asPNG(t, noise(2000, 1, 255)), typePNG, 500, 1},
		{"with bytes behind it", append(asPNG(t, noise(2, 2, 255)), "<script>alert(1)</script>"...), typePNG, 2, 2},
	} {
		p, err := imageNode().picture(t.Context(), tc.data, 500)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if (tc.mediaType != "" && p.mediaType != tc.mediaType) || p.width != tc.w || p.height != tc.h {
			t.Errorf("%s: %s of %d x %d, want %s of %d x %d", tc.name, p.mediaType, p.width, p.height, tc.mediaType, tc.w, tc.h)
		}
		f, known := format(p.body)
		if c, err := f.config(bytes.NewReader(p.body)); !known || err != nil || "image/"+f.name != p.mediaType || c.Width != tc.w {
			t.Errorf("%s: what is stored is no %s: %v", tc.name, p.mediaType, err)
		}
		if bytes.Contains(p.body, []byte(secret)) || bytes.Contains(p.body, []byte("script")) {
			t.Errorf("%s: what is stored holds more than the picture", tc.name)
		}
	}
}

func TestLargePicturesAreMadeToFit(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{"opaque": asPNG(t, noise(800, 800, 255)), "see-through": asPNG(t, noise(800, 800, 0))} {
		p, err := imageNode().picture(t.Context(), data, 2_048)
		if err != nil || len(p.body) > maxPicture || p.width < 100 {
			t.Errorf("%s: %d bytes, %d pixels wide, %v", name, len(p.body), p.width, err)
		}
		if f, _ := format(p.body); name == "see-through" && f.name != "png" {
			t.Errorf("%s became %s", name, f.name)
		}
	}
}

func TestWhatIsNoImageIsRefused(t *testing.T) {
	t.Parallel()
	whole := asPNG(t, noise(200, 200, 255))
	real16MP := asPNG(t, image.NewPaletted(image.Rect(0, 0, 4_000, 4_000), color.Palette{color.White, color.Black}))
	if len(real16MP) > 64<<10 {
		t.Fatalf("the bomb has %d bytes", len(real16MP))
	}
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"text":                {[]byte("hello"), "not_an_image"},
		"svg":                 {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "not_an_image"},
		"html":                {[]byte("<html></html>"), "not_an_image"},
		"a head alone":        {[]byte("\x89PNG\r\n\x1a\n"), "not_an_image"},
		"gif head alone":      {[]byte("GIF89a"), "not_an_image"},
		"riff of something":   {[]byte("RIFF\x00\x00\x00\x00WAVEfmt "), "not_an_image"},
		"webp without chunks": {[]byte("RIFF\x04\x00\x00\x00WEBP\x00"), "not_an_image"},
		"half a png":          {whole[:len(whole)/2], "not_an_image"},
		"png bomb by head":    {bombPNG(t), "too_many_pixels"},
		"png bomb":            {real16MP, "too_many_pixels"},
		"webp bomb":           {bombWebP(), "too_many_pixels"},
	} {
		p, err := imageNode().picture(t.Context(), tc.data, 500)
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != tc.want {
			t.Errorf("%s: %d bytes, %v, want %s", name, len(p.body), err, tc.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	busy := imageNode()
	busy.images <- struct{}{}
	if _, err := busy.picture(ctx, whole, 500); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that has gone waits for its turn: %v", err)
	}
}

func FuzzPicture(f *testing.F) {
	for _, seed := range [][]byte{
		asPNG(f, noise(3, 2, 0)), asJPEG(f, noise(16, 8, 255)), asGIF(f, 2), decode64(f, lossyWebP), decode64(f, losslessWebP), bombPNG(f), bombWebP(), []byte("RIFF"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := imageNode()
		n.cfg.MaxPixels = 100_000
		p, err := n.picture(t.Context(), data, 64)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("not an answer: %v", err)
			}
			return
		}
		if _, known := format(p.body); !known || p.width > 64 || p.height > 64 {
			t.Errorf("stored: %d x %d", p.width, p.height)
		}
	})
}

// TestAnImageOfManyScansIsRefused: each pass over a progressive JPEG costs its whole
// size, however few bytes it has.
func TestAnImageOfManyScansIsRefused(t *testing.T) {
	t.Parallel()
	n, whole := imageNode(), asJPEG(t, noise(64, 64, 255))
	for scans, want := range map[int]bool{1: true, 12: true, 5_000: false} {
		data := append(bytes.Clone(whole), bytes.Repeat([]byte{0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0}, scans-1)...)
		if _, err := n.picture(t.Context(), data, 64); (err == nil) != want {
			t.Errorf("%d scans: %v", scans, err)
		}
	}
}
