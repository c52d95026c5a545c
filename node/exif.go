package node

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
)

// This file reads the one thing that a stored picture needs of its metadata:
// which way up it is. Cameras write the pixels as the sensor lay and say beside
// them how to turn them (Exif 2.32 §4.6.4, tag Orientation); the rest of it,
// places and names, is thrown away with the file.

const (
	upright        = 1      // how most pictures lie, and what is told of one that does not say
	orientationTag = 0x0112 // of a TIFF directory
	tiffShort      = 3      // a value of two bytes
	tiffEntry      = 12     // bytes of an entry
	pngHead        = 8
	pngChunkHead   = 8 // length and name; a checksum of four bytes ends a chunk
)

// orientation is how a picture lies, 1 to 8, upright where it does not say so soundly.
func orientation(format string, data []byte) int {
	switch format {
	case "jpeg":
		return tiffOrientation(jpegExif(data))
	case "png":
		return tiffOrientation(pngExif(data))
	case "webp":
		return tiffOrientation(webpExif(data))
	}
	return upright
}

const exifName = "Exif\x00\x00"

// jpegExif finds the Exif segment among those before the pixels (ITU-T T.81 B.1.1.4).
func jpegExif(data []byte) []byte {
	const soi, app1, sos, fill = 2, 0xe1, 0xda, 0xff
	for rest := data[soi:]; len(rest) >= 4 && rest[0] == fill; {
		kind := rest[1]
		if kind == fill {
			rest = rest[1:]
			continue
		}
		size := int(binary.BigEndian.Uint16(rest[2:]))
		if kind == sos || size < 2 || size+2 > len(rest) {
			return nil
		}
		if body, is := bytes.CutPrefix(rest[4:size+2], []byte(exifName)); is && kind == app1 {
			return body
		}
		rest = rest[size+2:]
	}
	return nil
}

// pngExif finds the chunk eXIf (PNG, third edition, 11.3.3.5).
func pngExif(data []byte) []byte {
	for rest := data[pngHead:]; len(rest) >= pngChunkHead; {
		size := int64(binary.BigEndian.Uint32(rest))
		kind := string(rest[4:pngChunkHead])
		if rest = rest[pngChunkHead:]; size+4 > int64(len(rest)) {
			return nil
		}
		if kind == "eXIf" {
			return rest[:size]
		}
		rest = rest[size+4:]
	}
	return nil
}

// webpExif finds the chunk EXIF (RFC 9649 §2.7.1.5).
func webpExif(data []byte) []byte {
	for rest := data[webpHead:]; len(rest) >= webpChunkHead; {
		kind, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		if rest = rest[webpChunkHead:]; size > int64(len(rest)) {
			return nil
		}
		if kind == "EXIF" {
			return bytes.TrimPrefix(rest[:size], []byte(exifName)) // some writers repeat it
		}
		rest = rest[min(size+size&1, int64(len(rest))):]
	}
	return nil
}

// tiffOrientation reads the tag out of the first directory (TIFF 6.0 §2).
func tiffOrientation(b []byte) int {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return upright
	}
	if len(b) < 8 {
		return upright
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return upright
	}
	entries := b[at+2:]
	for range order.Uint16(b[at:]) {
		if len(entries) < tiffEntry {
			return upright
		}
		if order.Uint16(entries) == orientationTag {
			o := int(order.Uint16(entries[8:]))
			if order.Uint16(entries[2:]) != tiffShort || o < 1 || o > 8 {
				return upright
			}
			return o
		}
		entries = entries[tiffEntry:]
	}
	return upright
}

// turn puts a picture upright. Orientations are named by where the first row and
// the first column of the pixels belong: 2 is mirrored, 3 upside down, 4 mirrored
// so, 5 to 8 lie on a side.
func turn(img image.Image, orientation int) image.Image {
	if orientation <= upright || orientation > 8 {
		return img
	}
	b := img.Bounds()
	from := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(from, from.Bounds(), img, b.Min, draw.Src)
	w, h := b.Dx(), b.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation > 4 {
		size = image.Rect(0, 0, h, w)
	}
	to := image.NewNRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			fx, fy := source(orientation, image.Pt(x, y), image.Pt(w, h))
			copy(to.Pix[to.PixOffset(x, y):][:4], from.Pix[from.PixOffset(fx, fy):][:4])
		}
	}
	return to
}

// source is the stored pixel that a shown one is, of a stored picture of a size.
func source(orientation int, shown, size image.Point) (x, y int) {
	right, bottom := size.X-1, size.Y-1
	switch orientation {
	case 2:
		return right - shown.X, shown.Y
	case 3:
		return right - shown.X, bottom - shown.Y
	case 4:
		return shown.X, bottom - shown.Y
	case 5:
		return shown.Y, shown.X
	case 6:
		return shown.Y, bottom - shown.X
	case 7:
		return right - shown.Y, bottom - shown.X
	default: // 8
		return right - shown.Y, shown.X
	}
}
