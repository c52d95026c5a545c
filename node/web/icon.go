package web

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"golang.org/x/image/vector"
)

const typePNG = "image/png"

// The colours of the node's own drawings.
func accent() color.RGBA { return color.RGBA{R: 0x0b, G: 0x6e, B: 0x5f, A: 0xff} }
func white() color.RGBA  { return color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff} }

// drawIcon is static/favicon.svg in pixels, for those who cannot read that.
func drawIcon(size int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	s := float32(size) / 32
	shell := vector.NewRasterizer(size, size)
	shell.MoveTo(16*s, 2*s)
	shell.CubeTo(23.5*s, 2*s, 28*s, 7.5*s, 28*s, 14*s)
	shell.CubeTo(28*s, 22.5*s, 22.5*s, 30*s, 16*s, 30*s)
	shell.CubeTo(9.5*s, 30*s, 4*s, 22.5*s, 4*s, 14*s)
	shell.CubeTo(4*s, 7.5*s, 8.5*s, 2*s, 16*s, 2*s)
	shell.ClosePath()
	shell.Draw(img, img.Bounds(), image.NewUniform(accent()), image.Point{})
	seams := vector.NewRasterizer(size, size)
	for _, seam := range [][4]float32{{8, 11.5, 24, 3.2}, {8.5, 18, 23.5, 3.2}, {11.5, 24.2, 20.5, 1.6}} {
		left, y, right, sag := seam[0], seam[1], seam[2], seam[3]
		third, half := (right-left)/3, float32(1.1) // the stroke is nearly level: its edges are the same curve twice
		seams.MoveTo(left*s, (y-half)*s)
		seams.CubeTo((left+third)*s, (y+sag-half)*s, (right-third)*s, (y+sag-half)*s, right*s, (y-half)*s)
		seams.LineTo(right*s, (y+half)*s)
		seams.CubeTo((right-third)*s, (y+sag+half)*s, (left+third)*s, (y+sag+half)*s, left*s, (y+half)*s)
		seams.ClosePath()
	}
	seams.Draw(img, img.Bounds(), image.NewUniform(white()), image.Point{})
	return img
}

// iconPNG is the icon as PNG, on white where it shall be square.
func iconPNG(size int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	draw.Draw(img, img.Bounds(), image.NewUniform(white()), image.Point{}, draw.Src)
	draw.Draw(img, img.Bounds(), drawIcon(size), image.Point{}, draw.Over)
	return pngOf(img)
}

func pngOf(img image.Image) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, img) // a Buffer takes everything, and the image is no larger than PNG can be
	return b.Bytes()
}

// iconICO is the icon in the form that browsers ask for by habit: a directory
// of one PNG of 32 by 32.
func iconICO() []byte {
	const size = 32
	body := pngOf(drawIcon(size))
	head := []byte{0, 0, 1, 0, 1, 0, size, size, 0, 0, 1, 0, 32, 0}
	head = binary.LittleEndian.AppendUint32(head, uint32(len(body)))   //nolint:gosec // a kilobyte
	head = binary.LittleEndian.AppendUint32(head, uint32(len(head)+4)) //nolint:gosec // 22
	return append(head, body...)
}
