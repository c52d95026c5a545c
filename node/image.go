package node

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// DefaultMaxPixels bounds an uploaded image before it is decoded: a small file
// can stand for a picture that fills the memory.
const DefaultMaxPixels = 8_000_000

const (
	maxPicture    = 1 << 20 // bytes of a stored image
	jpegQuality   = 85
	shrinkTries   = 6
	typeJPEG      = "image/jpeg"
	typePNG       = "image/png"
	webpHead      = 12 // bytes before the first chunk
	webpChunkHead = 8
)

// picture is an image as it is stored: decoded whole and encoded anew, so that
// nothing is in it but what it shows.
type picture struct {
	mediaType     string
	body          []byte
	width, height int
}

// decoder reads one format.
type decoder struct {
	name   string
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// format finds the decoder of an image by its first bytes: names and declared
// types say nothing.
func format(data []byte) (decoder, bool) {
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return decoder{"png", png.DecodeConfig, png.Decode}, true
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return decoder{"jpeg", jpeg.DecodeConfig, jpeg.Decode}, true
	case bytes.HasPrefix(data, []byte("GIF87a")), bytes.HasPrefix(data, []byte("GIF89a")):
		return decoder{"gif", gif.DecodeConfig, gif.Decode}, true
	case len(data) > webpHead && string(data[:4]) == "RIFF" && string(data[8:webpHead]) == "WEBP":
		return decoder{"webp", webp.DecodeConfig, webp.Decode}, true
	default:
		return decoder{}, false
	}
}

func errNoImage() *Error {
	return &Error{Kind: Invalid, Code: "not_an_image", Detail: "That is no JPEG, PNG, GIF or WebP image", Hint: "Send the bytes of one as multipart/form-data in the field 'file'."}
}

// picture reads an image of at most side x side pixels out of what an agent
// uploaded; larger ones are made smaller, and those that lie on a side are turned
// (exif.go). Of a moving picture the first frame is taken.
func (n *Node) picture(ctx context.Context, data []byte, side int) (picture, error) {
	f, known := format(data)
	if !known {
		return picture{}, errNoImage()
	}
	c, err := f.config(bytes.NewReader(data))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return picture{}, errNoImage()
	}
	pixels := int64(c.Width) * int64(c.Height)
	if f.name == "webp" {
		pixels = max(pixels, webpPixels(data))
	}
	if pixels > int64(n.cfg.MaxPixels) {
		return picture{}, &Error{
			Kind: Invalid, Code: "too_many_pixels", Detail: fmt.Sprintf("The image has %d pixels, the limit is %d", pixels, n.cfg.MaxPixels),
			Hint: "Make it smaller and send it again.",
		}
	}
	if f.name == "jpeg" && jpegScans(data) > maxScans {
		return picture{}, errNoImage()
	}
	select {
	case n.images <- struct{}{}:
		defer func() { <-n.images }()
	case <-ctx.Done():
		return picture{}, ctx.Err()
	}
	img, err := decodeImage(f, data)
	if err != nil {
		return picture{}, errNoImage()
	}
	return encodePicture(turn(fit(img, side), orientation(f.name, data)), f.name, side)
}

// decodeImage decodes the whole image. A fault in a decoder is one of the image's.
func decodeImage(f decoder, data []byte) (img image.Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decode %s: %v", f.name, p)
		}
	}()
	return f.decode(bytes.NewReader(data))
}

// maxScans bounds the passes over a progressive JPEG: encoders make about ten, and each
// goes over the whole image, however few bytes it has.
const maxScans = 64

// jpegScans counts the passes over a JPEG, by their markers. Within their data a marker
// is told from a byte of it by what follows (ITU-T T.81, B.1.1.5).
func jpegScans(data []byte) int { return bytes.Count(data, []byte{0xff, 0xda}) }

// webpPixels is the size of the largest frame in a WebP file: its canvas, which
// DecodeConfig reads, may be said to be smaller (RFC 9649 §2.5, §2.6).
func webpPixels(data []byte) int64 {
	var most int64
	for rest := data[webpHead:]; len(rest) >= webpChunkHead; {
		kind, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:8]))
		rest = rest[webpChunkHead:]
		var w, h int64
		switch {
		case kind == "VP8 " && len(rest) >= 10:
			w, h = int64(binary.LittleEndian.Uint16(rest[6:]))&0x3fff, int64(binary.LittleEndian.Uint16(rest[8:]))&0x3fff
		case kind == "VP8L" && len(rest) >= 5:
			bits := int64(binary.LittleEndian.Uint32(rest[1:]))
			w, h = bits&0x3fff+1, bits>>14&0x3fff+1
		}
		most = max(most, w*h)
		size += size & 1 // chunks are padded
		if size > int64(len(rest)) {
			break
		}
		rest = rest[size:]
	}
	return most
}

// encodePicture encodes an image anew, as large as it may be.
func encodePicture(img image.Image, from string, side int) (picture, error) {
	for range shrinkTries {
		img = fit(img, side)
		p, err := encodeImage(img, from)
		if err != nil || len(p.body) <= maxPicture {
			return p, err
		}
		side = max(p.width, p.height) * 2 / 3
	}
	return picture{}, errors.New("node: an image that cannot be made small")
}

// fit makes an image smaller until no side is longer.
func fit(img image.Image, side int) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if w <= side && h <= side {
		return img
	}
	if w > h {
		w, h = side, max(1, h*side/w)
	} else {
		w, h = max(1, w*side/h), side
	}
	small := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), img, b, draw.Src, nil)
	return small
}

// encodeImage writes photographs as JPEG, and the rest, or what shows through, as PNG.
func encodeImage(img image.Image, from string) (picture, error) {
	p := picture{mediaType: typePNG, width: img.Bounds().Dx(), height: img.Bounds().Dy()}
	o, knows := img.(interface{ Opaque() bool })
	opaque := !knows || o.Opaque()
	var b bytes.Buffer
	if from == "png" || from == "gif" || !opaque {
		if err := png.Encode(&b, img); err != nil {
			return p, fmt.Errorf("encode an image: %w", err)
		}
		if b.Len() <= maxPicture || !opaque {
			p.body = b.Bytes()
			return p, nil
		}
		b.Reset()
	}
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return p, fmt.Errorf("encode an image: %w", err)
	}
	p.mediaType, p.body = typeJPEG, b.Bytes()
	return p, nil
}
